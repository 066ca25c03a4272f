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
/** More than any name has that matters. */
const LONGEST = 1 << 20;

/** Names that the tags of a function give to its callback: the first two, since more say no more. */
function tagsOf(btf: BtfBlob, func: number): readonly string[] {
  const found: string[] = [];
  for (let id = 1; id < btf.count && found.length < 2; id++) {
    if (btf.kind(id) !== KIND_NUMBER.declTag) continue;
    const at = btf.at(id);
    if (btf.word(at) !== func || btf.i32(btf.tail(at)) !== -1) continue;
    const text = btf.string(btf.nameOff(at), LONGEST);
    if (text.startsWith(PREFIX)) found.push(text.slice(PREFIX.length));
  }
  return found;
}

function functionNamed(btf: BtfBlob, name: string): number | undefined {
  for (let id = 1; id < btf.count; id++) {
    if (btf.kind(id) === KIND_NUMBER.func && btf.string(btf.nameOff(btf.at(id)), LONGEST) === name) return id;
  }
  return undefined;
}

/** Number of the callback's first instruction; undefined where there is none. */
export function callbackOf(subject: ProgramSubject): number | undefined {
  const { btf, program, features, littleEndian } = subject;
  if (!features.functionsFirst || btf === undefined || program.funcInfo === undefined) return undefined;
  const records = [...functionRecords(program.funcInfo, littleEndian)];
  const [name, other] = records[0] === undefined ? [] : tagsOf(btf, records[0].type);
  if (name === undefined) return undefined;
  if (other !== undefined) subject.refuse(KB_37, TWICE);
  const shown = `exception callback '${name}'`;
  const id = functionNamed(btf, name);
  if (id === undefined) {
    subject.refuse(KB_38, `${shown} could not be found in BTF`);
    return undefined;
  }
  if (btf.vlen(btf.at(id)) !== LINKAGE_GLOBAL) subject.refuse(KB_39, `${shown} must have global linkage`);
  // The kernel keeps the last of them.
  const start = records.findLast(({ type }) => type === id)?.start;
  if (start === undefined) subject.refuse(KB_40, NOT_LISTED);
  if (start === 0) subject.refuse(KB_40, AT_MAIN);
  return start;
}
