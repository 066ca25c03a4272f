/**
 * What BPF_PROG_LOAD says of the records that come with a program, before it looks at what the instructions do (kernel/bpf/verifier.c
 * `bpf_check`; from 7.2 on kernel/bpf/check_btf.c): func_info, line_info, core_relo, and the layout that they are compared with.
 */
import type { BtfBlob } from "../btf-blob.ts";
import type { KernelProfile } from "./profile.ts";
import { exceptionCallbackRules } from "./program-info/exception-callback.ts";
import { checkFunctions, checkFunctionsFirst, checkWithout, functionRules } from "./program-info/functions.ts";
import { checkLength, checkSubprograms, findSubprograms, layoutRules } from "./program-info/layout.ts";
import { checkLines, lineRules } from "./program-info/lines.ts";
import { checkKnown, checkRelocations, relocationRules } from "./program-info/relocations.ts";
import { programRule } from "./program-info/rule.ts";
import { hasAny, type ProgramRecords, ProgramRefusal, ProgramSubject } from "./program-info/subject.ts";
import type { KernelRule } from "./rule.ts";

export type { InfoRecords, ProgramRecords } from "./program-info/subject.ts";

const KB_23 = programRule("KB-23", "Records come with BTF that the kernel took.", "check_btf_info", []);

/** Every condition on which BPF_PROG_LOAD refuses records, about in the order in which the kernel looks. */
export const programInfoRules: readonly KernelRule[] = [
  ...layoutRules,
  KB_23,
  ...functionRules,
  ...exceptionCallbackRules,
  ...lineRules,
  ...relocationRules,
];

/** What BPF_PROG_LOAD says of a program's records. */
export interface ProgramInfoVerdict {
  /** True if the records are taken, and nothing of the layout is wrong; the instructions may still be refused. */
  readonly accepted: boolean;
  /** Positive; 0 if accepted. */
  readonly errno: number;
  /** The line of the kernel's log that says why; "" if it says nothing. Of KB-42 it lacks its end, a value that the kernel alone knows. */
  readonly message: string;
  /** Id of the rule that is broken; undefined if accepted. */
  readonly rule: string | undefined;
  /** Number of the record at fault, from 0, of the array that the rule is of; undefined where none is. */
  readonly record: number | undefined;
  /** Size of a record that the kernel writes back to who called it, where it knows less than the record has. */
  readonly written: number | undefined;
  /** Whether the kernel's own types have a say before: a relocation that it applies, a call of a kfunc. Then it may refuse for those. */
  readonly undecided: boolean;
}

const decoder = new TextDecoder();

/** A line of bytes as text. */
function textOf(line: string): string {
  return decoder.decode(Uint8Array.from(line, (char) => char.charCodeAt(0)));
}

/** The BTF of the records; kernels until 7.2 do not look at core_relo where it comes alone. */
function checkBtf(subject: ProgramSubject): boolean {
  const { program, btf, features } = subject;
  const counted = [program.funcInfo, program.lineInfo, ...(features.relocationsFirst ? [program.coreRelo] : [])];
  if (!counted.some(hasAny)) return false;
  if (btf === undefined) subject.refuse(KB_23, "");
  return true;
}

function checkLayout(subject: ProgramSubject): void {
  findSubprograms(subject);
  checkSubprograms(subject);
}

function judge(subject: ProgramSubject): void {
  const { features } = subject;
  checkKnown(subject);
  checkLength(subject);
  if (!features.functionsFirst) checkLayout(subject);
  const hasRecords = checkBtf(subject);
  if (features.functionsFirst) {
    if (hasRecords) checkFunctionsFirst(subject);
    if (features.relocationsFirst) checkRelocations(subject);
    checkLayout(subject);
  }
  if (!hasRecords) {
    checkWithout(subject);
    return;
  }
  checkFunctions(subject);
  checkLines(subject);
  if (!features.relocationsFirst) checkRelocations(subject);
}

/**
 * What the kernel of the profile answers to the records of a program, with its first failure in its own words. `btf` is what the kernel
 * took with them (`kernelReading`); undefined if it took none. Any bytes are records; nothing is thrown. Time and memory are in proportion
 * to instructions and records.
 */
export function programInfoVerdict(
  program: ProgramRecords,
  btf: BtfBlob | undefined,
  profile: KernelProfile,
  littleEndian = true,
): ProgramInfoVerdict {
  const subject = new ProgramSubject(program, btf, profile, littleEndian);
  try {
    judge(subject);
    const { undecided } = subject;
    return {
      accepted: true,
      errno: 0,
      message: "",
      rule: undefined,
      record: undefined,
      written: undefined,
      undecided,
    };
  } catch (refusal) {
    if (!(refusal instanceof ProgramRefusal)) throw refusal;
    const { rule, message, record, written } = refusal;
    const { id, errno } = rule;
    return {
      accepted: false,
      errno,
      message: textOf(message),
      rule: id,
      record,
      written,
      undecided: subject.undecided,
    };
  }
}
