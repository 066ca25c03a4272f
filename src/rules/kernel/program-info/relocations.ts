/** core_relo: relocations that the kernel applies itself, which light skeletons leave to it (`check_core_relo`, `bpf_core_apply`). */
import { KIND_NUMBER } from "../../../btf/model.ts";
import { KIND_TEXT } from "../../../btf/render/words.ts";
import { type BtfBlob, MISSING } from "../../btf-blob.ts";
import { E2BIG, type KernelRule } from "../rule.ts";
import {
  ELEMENT,
  EXISTENCE_KINDS,
  followAccess,
  SPOILING_KINDS,
  sizeOf,
  suitsElement,
  TYPE_ID_LOCAL,
  TYPE_SIZE,
} from "./access.ts";
import { checkPatch, type Patched, patchRules } from "./patches.ts";
import { programRule } from "./rule.ts";
import { hasAny, type InfoRecord, isRecordSize, type ProgramSubject, recordCount, recordsOf } from "./subject.ts";

const source = "check_core_relo";
const TAIL = "nonzero tailing record in core_relo";
const SINCE = { since: "6.1" } as const;

const KB_14 = programRule(
  "KB-14",
  "Records of core_relo are at instructions that there are.",
  source,
  "Invalid core_relo[N].insn_off:M prog->len:M",
  SINCE,
);
const KB_20 = programRule("KB-20", "Bytes of core_relo that the kernel does not know are 0.", source, TAIL, {
  ...SINCE,
  errno: E2BIG,
});
const KB_21 = programRule(
  "KB-21",
  "Records of core_relo have 16 to 252 bytes, and a multiple of 4.",
  source,
  [],
  SINCE,
);
const KB_22 = programRule(
  "KB-22",
  "Nothing is sent that the kernel does not know.",
  "kernel/bpf/syscall.c bpf_check_uarg_tail_zero",
  [],
  {
    errno: E2BIG,
    until: "5.10",
  },
);
const KB_25 = programRule("KB-25", "core_relo has at most 134,217,727 records.", source, [], SINCE);
const KB_27 = programRule(
  "KB-27",
  "core_relo names types of the BTF.",
  "kernel/bpf/btf.c bpf_core_apply",
  "relo #N: bad type id M",
  SINCE,
);
const KB_28 = programRule(
  "KB-28",
  "What core_relo looks for in the kernel has a name.",
  "kernel/bpf/btf.c bpf_core_find_cands",
  "target candidate search failed for N",
  SINCE,
);
const KB_29 = programRule(
  "KB-29",
  "The access string of core_relo fits its type, and its kind is known.",
  "tools/lib/bpf/relo_core.c bpf_core_parse_spec",
  "prog '': relo #N: parsing [M] K T + S failed: E",
  SINCE,
);
const KB_41 = programRule(
  "KB-41",
  "What core_relo asks of an array's element is where it is, its size, or whether it exists.",
  "tools/lib/bpf/relo_core.c bpf_core_calc_field_relo",
  "prog '': relo N at insn #M can't be applied to array access",
  SINCE,
);

const KB_43 = programRule(
  "KB-43",
  "The size that core_relo asks for is of a type that has one.",
  "tools/lib/bpf/relo_core.c bpf_core_calc_type_relo",
  [],
  SINCE,
);

export const relocationRules: readonly KernelRule[] = [
  KB_22,
  KB_25,
  KB_21,
  KB_20,
  KB_14,
  KB_27,
  KB_28,
  KB_29,
  KB_41,
  KB_43,
  ...patchRules,
];

/** `sizeof(struct bpf_core_relo)`. */
const KNOWN = 16;
const MOST = 0x7ff_ffff;
/** What one call to the log can print. */
const LONGEST = 1023;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(KIND_NUMBER).map(([kind, number]) => [number, KIND_TEXT[kind as keyof typeof KIND_NUMBER]]),
);

/** Refuses core_relo as a whole where the kernel knows nothing of it: it counts as an attribute from the future. */
export function checkKnown(subject: ProgramSubject): void {
  if (hasAny(subject.program.coreRelo)) subject.refuse(KB_22, "");
}

/** Checks core_relo, if there is any. */
export function checkRelocations(subject: ProgramSubject): void {
  const { btf, program, littleEndian } = subject;
  if (btf === undefined || !hasAny(program.coreRelo)) return;
  if (recordCount(program.coreRelo) > MOST) subject.refuse(KB_25, "");
  if (!isRecordSize(program.coreRelo.recordSize, KNOWN)) subject.refuse(KB_21, "");
  const patched: Patched = new Map();
  for (const record of recordsOf(program.coreRelo, KNOWN, littleEndian)) checkRecord(subject, btf, record, patched);
}

function checkRecord(subject: ProgramSubject, btf: BtfBlob, record: InfoRecord, patched: Patched): void {
  const { index, hasTail, word } = record;
  const { length } = subject;
  const [offset, type, kind] = [word(0), word(1), word(3)];
  if (hasTail) subject.refuse(KB_20, TAIL, index, KNOWN);
  if (offset % 8 !== 0 || offset / 8 >= length) {
    subject.refuse(KB_14, `Invalid core_relo[${index}].insn_off:${offset} prog->len:${length}`, index);
  }
  if (subject.kind(type) === MISSING) {
    subject.refuse(KB_27, `relo #${index}: bad type id ${type}`, index);
    return;
  }
  const name = type === 0 ? "" : btf.string(btf.nameOff(btf.at(type)), LONGEST);
  const isLocal = kind === TYPE_ID_LOCAL;
  if (!isLocal && name === "") subject.refuse(KB_28, `target candidate search failed for ${type | 0}`, index);
  checkAccess(subject, btf, record, name);
  const expected = expectedValue(subject, btf, record);
  checkPatch(subject, { index, at: offset / 8, expected, maySpoil: SPOILING_KINDS.includes(kind) }, patched);
  patched.set(offset / 8, isLocal ? type : undefined);
  if (!isLocal) subject.undecided = true;
}

/** What the compiler left in the instruction; undefined where that is not looked at, or the kernel's types tell whether it is. */
function expectedValue(subject: ProgramSubject, btf: BtfBlob, { index, word }: InfoRecord): number | undefined {
  const [type, kind] = [word(1), word(3)];
  if (EXISTENCE_KINDS.includes(kind)) return 1;
  if (kind !== TYPE_SIZE) return undefined;
  const size = sizeOf(btf, type);
  if (size < 0) subject.refuse(KB_43, "", index);
  return size;
}

function checkAccess(subject: ProgramSubject, btf: BtfBlob, { index, word }: InfoRecord, name: string): void {
  const [offset, type, access, kind] = [word(0), word(1), word(2), word(3)];
  const text = access < btf.stringsLength ? btf.string(access, LONGEST) : "<?>";
  const end = followAccess(btf, type, kind, text);
  if (end < 0) {
    const what = `${NAMES.get(btf.kind(type)) ?? "UNKNOWN"} ${name === "" ? "<anon>" : name}`;
    const line = `prog '': relo #${index}: parsing [${type}] ${what} + ${text} failed: ${end}`;
    subject.refuse(KB_29, line.slice(0, LONGEST), index);
  }
  if (end === ELEMENT && !suitsElement(kind)) {
    subject.refuse(KB_41, `prog '': relo ${kind} at insn #${offset / 8} can't be applied to array access`, index);
  }
}
