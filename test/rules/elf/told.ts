import { allRules } from "../../../src/rules/index.ts";
import type { Diagnostic, JudgeAnswer } from "../../../src/rules/rule.ts";
import type { ObjectState } from "../../../src/rules/state.ts";

/** A finding with all that it says; each answer in one line. */
export interface Told extends Omit<Diagnostic, "answers"> {
  readonly answers: readonly string[];
}

/** "libbpf rejects at open, errno 22: its words (ours)". */
function line({ judge, answer, at, errno, text, how, versions }: JudgeAnswer): string {
  const when = [at === undefined ? [] : `at ${at}`, errno === undefined ? [] : `errno ${errno}`].flat().join(", ");
  const head = `${judge} ${answer}${when === "" ? "" : ` ${when}`}${versions === undefined ? "" : ` in ${versions}`}`;
  return `${head}${text === undefined ? "" : `: ${text}`}${how === undefined ? "" : ` (${how})`}`;
}

/** All that some rules say of a state, whole; those on the ELF file and on functions, and the others in their folders, unless said. */
export function told(state: ObjectState, which: RegExp = OURS): readonly Told[] {
  return allRules
    .filter(({ id }) => which.test(id))
    .flatMap((rule) => [...rule.check(state)])
    .map(({ answers, ...finding }) => ({ ...finding, answers: answers.map(line) }));
}

const OURS = /^(?:elf|func)\/|^map\/(?:private|name-invalid|legacy-definition)$|^btf\/variable-name$/;
