/** core_relo: relocations that the kernel applies itself, which light skeletons leave to it (`check_core_relo`, `bpf_core_apply`). */
import { KIND_NUMBER } from "../../../btf/model.ts";
import { KIND_TEXT } from "../../../btf/render/words.ts";
import { CLASS, type Insn, LD_IMM64 } from "../../../elf/insn.ts";
import { type BtfBlob, MISSING } from "../../btf-blob.ts";
import { E2BIG, type KernelRule } from "../rule.ts";
import { followAccess, suitsElement, TYPE_ID_LOCAL } from "./access.ts";
import { programRule } from "./rule.ts";
import { type InfoRecord, isRecordSize, type ProgramSubject, recordCount, recordsOf } from "./subject.ts";

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
const KB_30 = programRule(
  "KB-30",
  "core_relo is of instructions that hold a constant.",
  "tools/lib/bpf/relo_core.c bpf_core_patch_insn",
  [
    "prog '': relo #N: trying to relocate unrecognized insn #M, code:X, src:X, dst:X, off:X, imm:X",
    "prog '': relo #N: insn #M (LDIMM64) has unexpected form",
  ],
  SINCE,
);
const KB_41 = programRule(
  "KB-41",
  "What core_relo asks of an array's element is where it is, its size, or whether it exists.",
  "tools/lib/bpf/relo_core.c bpf_core_calc_field_relo",
  "prog '': relo N at insn #M can't be applied to array access",
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
  KB_30,
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
  if (recordCount(subject.program.coreRelo) > 0) subject.refuse(KB_22, "");
}

/** Checks core_relo, if there is any. */
export function checkRelocations(subject: ProgramSubject): void {
  const { btf, program, littleEndian } = subject;
  const count = recordCount(program.coreRelo);
  if (program.coreRelo === undefined || btf === undefined || count === 0) return;
  if (count > MOST) subject.refuse(KB_25, "");
  if (!isRecordSize(program.coreRelo.recordSize, KNOWN)) subject.refuse(KB_21, "");
  // An instruction whose relocation finds nothing becomes a call that does not exist.
  const poisoned = new Set<number>();
  for (const record of recordsOf(program.coreRelo, KNOWN, littleEndian)) checkRecord(subject, btf, record, poisoned);
}

function checkRecord(subject: ProgramSubject, btf: BtfBlob, record: InfoRecord, poisoned: Set<number>): void {
  const { index, hasTail, word } = record;
  const { length } = subject;
  const [offset, type, kind] = [word(0), word(1), word(3)];
  if (hasTail) subject.refuse(KB_20, TAIL, index, KNOWN);
  if (offset % 8 !== 0 || offset / 8 >= length) {
    subject.refuse(KB_14, `Invalid core_relo[${index}].insn_off:${offset} prog->len:${length}`, index);
  }
  if (subject.kind(type) === MISSING) subject.refuse(KB_27, `relo #${index}: bad type id ${type}`, index);
  const name = type === 0 ? "" : btf.string(btf.nameOff(btf.at(type)), LONGEST);
  const isLocal = kind === TYPE_ID_LOCAL;
  if (!isLocal && name === "") subject.refuse(KB_28, `target candidate search failed for ${type | 0}`, index);
  checkAccess(subject, btf, record, name);
  const at = offset / 8;
  if (!poisoned.has(at)) checkInsn(subject, index, at);
  if (isLocal) return;
  subject.undecided = true;
  poisoned.add(at);
}

function checkAccess(subject: ProgramSubject, btf: BtfBlob, { index, word }: InfoRecord, name: string): void {
  const [offset, type, access, kind] = [word(0), word(1), word(2), word(3)];
  const text = access < btf.stringsLength ? btf.string(access, LONGEST) : "";
  const { errno, isElement } = followAccess(btf, type, kind, text);
  if (errno !== 0) {
    const what = `${NAMES.get(btf.kind(type)) ?? "UNKNOWN"} ${name === "" ? "<anon>" : name}`;
    const shown = access < btf.stringsLength ? text : "<?>";
    const line = `prog '': relo #${index}: parsing [${type}] ${what} + ${shown} failed: -${errno}`;
    subject.refuse(KB_29, line.slice(0, LONGEST), index);
  }
  if (isElement && !suitsElement(kind)) {
    subject.refuse(KB_41, `prog '': relo ${kind} at insn #${offset / 8} can't be applied to array access`, index);
  }
}

/** Whether an instruction has a constant that may be replaced (`bpf_core_patch_insn`). */
function checkInsn(subject: ProgramSubject, index: number, at: number): void {
  const insn = subject.insn(at);
  const kind = insn.opcode & 7;
  if (kind === CLASS.ldx || kind === CLASS.st || kind === CLASS.stx) return;
  if (kind === CLASS.ld) {
    const second = at + 1 < subject.length ? subject.insn(at + 1) : undefined;
    if (isPlainLoad(insn, second)) return;
    subject.refuse(KB_30, `prog '': relo #${index}: insn #${at} (LDIMM64) has unexpected form`, index);
    return;
  }
  if ((kind === CLASS.alu || kind === CLASS.alu64) && (insn.opcode & 8) === 0) return;
  const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
  const { opcode, src, dst, offset, immediate } = insn;
  const shown = `code:${hex(opcode)}, src:${hex(src)}, dst:${hex(dst)}, off:${hex(offset)}, imm:${hex(immediate)}`;
  subject.refuse(KB_30, `prog '': relo #${index}: trying to relocate unrecognized insn #${at}, ${shown}`, index);
}

function isPlainLoad(first: Insn, second: Insn | undefined): boolean {
  if (first.opcode !== LD_IMM64 || first.src !== 0 || first.offset !== 0 || second === undefined) return false;
  return second.opcode === 0 && second.dst === 0 && second.src === 0 && second.offset === 0;
}
