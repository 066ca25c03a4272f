/** line_info: the source line of each instruction that has one (`check_btf_line`). */
import { E2BIG, type KernelRule } from "../rule.ts";
import { programRule } from "./rule.ts";
import { hasAny, type InfoRecord, isRecordSize, type ProgramSubject, recordCount, recordsOf } from "./subject.ts";

const source = "check_btf_line";
const TAIL = "nonzero tailing record in line_info";

const KB_09 = programRule("KB-09", "Records of line_info have 16 to 252 bytes, and a multiple of 4.", source, []);
const KB_10 = programRule(
  "KB-10",
  "Records of line_info are in order, and of instructions that there are.",
  source,
  "Invalid line_info[N].insn_off:M (prev_offset:M prog->len:M)",
);
const KB_11 = programRule(
  "KB-11",
  "line_info is of whole instructions, not of the second half of one.",
  source,
  "Invalid insn code at line_info[N].insn_off",
);
const KB_12 = programRule(
  "KB-12",
  "Lines and files of line_info lie within the strings.",
  source,
  "Invalid line_info[N].line_off or .file_name_off",
);
const KB_13 = programRule("KB-13", "line_info has a record for the first instruction of each function.", source, [
  "missing bpf_line_info for func#N",
  "missing bpf_line_info for N funcs starting from func#N",
]);
const KB_19 = programRule("KB-19", "Bytes of line_info that the kernel does not know are 0.", source, TAIL, {
  errno: E2BIG,
});
const KB_24 = programRule("KB-24", "line_info has at most 134,217,727 records.", source, []);

export const lineRules: readonly KernelRule[] = [KB_24, KB_09, KB_19, KB_10, KB_11, KB_12, KB_13];

/** `sizeof(struct bpf_line_info)`. */
const KNOWN = 16;
const MOST = 0x7ff_ffff;

function checkRecord(subject: ProgramSubject, { index, hasTail, word }: InfoRecord, previous: number): void {
  if (hasTail) subject.refuse(KB_19, TAIL, index, KNOWN);
  const { length } = subject;
  const at = word(0);
  if ((index > 0 && at <= previous) || at >= length) {
    const line = `Invalid line_info[${index}].insn_off:${at} (prev_offset:${previous} prog->len:${length})`;
    subject.refuse(KB_10, line, index);
  }
  if (subject.insn(at).opcode === 0) {
    subject.refuse(KB_11, `Invalid insn code at line_info[${index}].insn_off`, index);
  }
  if (!subject.hasName(word(2)) || !subject.hasName(word(1))) {
    subject.refuse(KB_12, `Invalid line_info[${index}].line_off or .file_name_off`, index);
  }
}

/** Checks line_info, if there is any. */
export function checkLines(subject: ProgramSubject): void {
  const { lineInfo } = subject.program;
  if (!hasAny(lineInfo)) return;
  if (recordCount(lineInfo) > MOST) subject.refuse(KB_24, "");
  if (!isRecordSize(lineInfo.recordSize, KNOWN)) subject.refuse(KB_09, "");
  const { subprograms } = subject;
  let [previous, number] = [0, 0];
  for (const record of recordsOf(lineInfo, KNOWN, subject.littleEndian)) {
    checkRecord(subject, record, previous);
    previous = record.word(0);
    const start = subprograms[number]?.start;
    if (start === undefined) continue;
    if (start < previous) subject.refuse(KB_13, `missing bpf_line_info for func#${number}`, record.index);
    if (start === previous) number++;
  }
  const left = subprograms.length - number;
  if (left > 0) subject.refuse(KB_13, `missing bpf_line_info for ${left} funcs starting from func#${number}`);
}
