/** The function that main names as its exception callback, by a tag (`bpf_find_exception_callback_insn_off`). */
import { KIND_NUMBER, LINKAGE_GLOBAL } from "../../../btf/model.ts";
import type { BtfBlob } from "../../btf-blob.ts";
import { EEXIST, ENOENT, type KernelRule } from "../rule.ts";
import { functionRecords } from "./functions.ts";
import { programRule } from "./rule.ts";
import type { ProgramSubject } from "./subject.ts";

const source = "bpf_find_exception_callback_insn_off";
const SINCE = { since: "6.12" } as const;
const TWICE = "multiple exception callback tags for main subprog";
const NOT_LISTED = "exception callback type id not found in func_info";
const AT_MAIN = "invalid exception callback insn_off in func_info: 0";

const KB_37 = programRule("KB-37", "The main function has at most one tag exception_callback.", source, TWICE, {
  ...SINCE,
  errno: EEXIST,
});
const KB_38 = programRule(
  "KB-38",
  "An exception callback is a FUNC of the BTF.",
  source,
  "exception callback 'F' could not be found in BTF",
  { ...SINCE, errno: ENOENT },
);
const KB_39 = programRule(
  "KB-39",
  "An exception callback is global.",
  source,
  "exception callback 'F' must have global linkage",
  SINCE,
);
const KB_40 = programRule(
  "KB-40",
  "func_info lists the exception callback, and not at instruction 0.",
  source,
  [NOT_LISTED, AT_MAIN],
  SINCE,
);

export const exceptionCallbackRules: readonly KernelRule[] = [KB_37, KB_38, KB_39, KB_40];

const PREFIX = "exception_callback:";
/** Longer than the name of any FUNC that a kernel takes, and than what one call to its log can print. */
const LONGEST = 1024;

/** A function that has a callback, and where the name of that begins. */
interface Tag {
  readonly func: number;
  readonly nameOff: number;
}

const known = new WeakMap<BtfBlob, readonly Tag[]>();

/** Every such tag of the types; remembered, since each program asks. */
function allTags(btf: BtfBlob): readonly Tag[] {
  const before = known.get(btf);
  if (before !== undefined) return before;
  const found: Tag[] = [];
  for (let id = 1; id < btf.count; id++) {
    if (btf.kind(id) !== KIND_NUMBER.declTag) continue;
    const at = btf.at(id);
    const nameOff = btf.nameOff(at);
    if (btf.i32(btf.tail(at)) !== -1 || btf.string(nameOff, PREFIX.length) !== PREFIX) continue;
    found.push({ func: btf.word(at), nameOff: nameOff + PREFIX.length });
  }
  known.set(btf, found);
  return found;
}

const named = new WeakMap<BtfBlob, ReadonlyMap<string, number>>();

/** The first FUNC of a name; the names are gathered once. */
function functionNamed(btf: BtfBlob, name: string): number | undefined {
  const before = named.get(btf);
  if (before !== undefined) return before.get(name);
  const found = new Map<string, number>();
  for (let id = btf.count - 1; id > 0; id--) {
    if (btf.kind(id) === KIND_NUMBER.func) found.set(btf.string(btf.nameOff(btf.at(id)), LONGEST), id);
  }
  named.set(btf, found);
  return found.get(name);
}

/** Number of the callback's first instruction; undefined where there is none. */
export function callbackOf(subject: ProgramSubject): number | undefined {
  const { btf, program, features, littleEndian } = subject;
  if (!features.functionsFirst || btf === undefined || program.funcInfo === undefined) return undefined;
  const records = [...functionRecords(program.funcInfo, littleEndian)];
  const [tag, other] = allTags(btf).filter(({ func }) => func === records[0]?.type);
  if (tag === undefined) return undefined;
  if (other !== undefined) subject.refuse(KB_37, TWICE);
  const name = btf.string(tag.nameOff, LONGEST);
  const shown = `exception callback '${name}'`;
  const id = functionNamed(btf, name);
  if (id === undefined) {
    subject.refuse(KB_38, `${shown} could not be found in BTF`.slice(0, LONGEST - 1));
    return undefined;
  }
  if (btf.vlen(btf.at(id)) !== LINKAGE_GLOBAL) subject.refuse(KB_39, `${shown} must have global linkage`);
  // The kernel keeps the last of them.
  const start = records.findLast(({ type }) => type === id)?.start;
  if (start === undefined) subject.refuse(KB_40, NOT_LISTED);
  if (start === 0) subject.refuse(KB_40, AT_MAIN);
  return start;
}
