/** func_info: which FUNC each subprogram is (`check_btf_func`, `check_btf_func_early`, `check_abnormal_return`). */
import { KIND_NUMBER } from "../../../btf/model.ts";
import { isModifier } from "../resolution.ts";
import { E2BIG, ENOMEM, type KernelRule } from "../rule.ts";
import { programRule } from "./rule.ts";
import {
  hasAny,
  type InfoRecords,
  isRecordSize,
  type ProgramSubject,
  recordCount,
  recordsOf,
  type Subprogram,
} from "./subject.ts";

const source = "check_btf_func";
const TAIL = "nonzero tailing record in func info";
const NUMBER = "number of funcs in func_info doesn't match number of subprogs";
const LAYOUT = "func_info BTF section doesn't match subprog layout in BPF program";

const KB_01 = programRule(
  "KB-01",
  "Records of func_info have 8 to 252 bytes, and a multiple of 4.",
  source,
  "invalid func info rec size N",
);
const KB_02 = programRule("KB-02", "Bytes of func_info that the kernel does not know are 0.", source, TAIL, {
  errno: E2BIG,
});
const KB_03 = programRule(
  "KB-03",
  "The first record of func_info is of instruction 0.",
  source,
  "nonzero insn_off N for the first func info record",
);
const KB_04 = programRule(
  "KB-04",
  "Records of func_info are in order.",
  source,
  "same or smaller insn offset (N) than previous func info record (M)",
);
const KB_05 = programRule("KB-05", "func_info names FUNCs.", source, "invalid type id N in func info");
const KB_06 = programRule("KB-06", "func_info has a record for each function.", source, NUMBER);
const KB_07 = programRule("KB-07", "Records of func_info are where functions begin.", source, LAYOUT);
const KB_08 = programRule("KB-08", "A function that loads packets or calls on returns int.", source, [
  "LD_ABS is only allowed in functions that return 'int'.",
  "tail_call is only allowed in functions that return 'int'.",
]);
const KB_18 = programRule(
  "KB-18",
  "A function that loads packets or calls on has func_info.",
  "check_abnormal_return",
  ["LD_ABS is not allowed in subprogs without BTF", "tail_call is not allowed in subprogs without BTF"],
);
const KB_26 = programRule("KB-26", "func_info fits into 2 GiB.", source, [], { errno: ENOMEM, since: "6.12" });

export const functionRules: readonly KernelRule[] = [
  KB_01,
  KB_02,
  KB_03,
  KB_04,
  KB_05,
  KB_06,
  KB_07,
  KB_08,
  KB_18,
  KB_26,
];

/** `sizeof(struct bpf_func_info)`. */
const KNOWN = 8;
const MOST = 0x7fff_ffff / KNOWN;

/** A record of func_info: the instruction that a function begins at, and its FUNC. */
export interface FunctionRecord {
  readonly index: number;
  readonly hasTail: boolean;
  readonly start: number;
  readonly type: number;
}

/** The records as the kernel copies them. */
export function* functionRecords(info: InfoRecords, littleEndian: boolean): Generator<FunctionRecord> {
  for (const { index, hasTail, word } of recordsOf(info, KNOWN, littleEndian)) {
    yield { index, hasTail, start: word(0), type: word(1) };
  }
}

function checkSize(subject: ProgramSubject, { recordSize }: InfoRecords): void {
  if (!isRecordSize(recordSize, KNOWN)) subject.refuse(KB_01, `invalid func info rec size ${recordSize}`);
}

/** A record, but for what the layout of the program has to do with it. */
function checkPlace(subject: ProgramSubject, record: FunctionRecord, previous: number): void {
  const { index, hasTail, start } = record;
  if (hasTail) subject.refuse(KB_02, TAIL, index, KNOWN);
  if (index === 0) {
    if (start !== 0) subject.refuse(KB_03, `nonzero insn_off ${start} for the first func info record`, index);
  } else if (start <= previous) {
    const line = `same or smaller insn offset (${start}) than previous func info record (${previous})`;
    subject.refuse(KB_04, line, index);
  }
}

function checkType(subject: ProgramSubject, { index, type }: FunctionRecord): void {
  if (subject.kind(type) !== KIND_NUMBER.func) subject.refuse(KB_05, `invalid type id ${type | 0} in func info`, index);
}

function checkStart(subject: ProgramSubject, { index, start }: FunctionRecord): void {
  if (subject.subprograms[index]?.start !== start) subject.refuse(KB_07, LAYOUT, index);
}

/** Whether a FUNC returns what fits r0: an integer of up to 8 bytes, or an enum. */
function returnsScalar({ btf }: ProgramSubject, func: number): boolean {
  if (btf === undefined) return false;
  let id = btf.word(btf.at(btf.word(btf.at(func))));
  while (isModifier(btf.kind(id))) id = btf.word(btf.at(id));
  const kind = btf.kind(id);
  if (kind === KIND_NUMBER.int) return btf.word(btf.at(id)) <= 8;
  return kind === KIND_NUMBER.enum || kind === KIND_NUMBER.enum64;
}

function checkReturn(subject: ProgramSubject, { index, type }: FunctionRecord, own: Subprogram | undefined): void {
  if (index === 0 || own === undefined || (!own.hasLdAbs && !own.hasTailCall) || returnsScalar(subject, type)) return;
  const what = own.hasLdAbs ? "LD_ABS" : "tail_call";
  subject.refuse(KB_08, `${what} is only allowed in functions that return 'int'.`, index);
}

/** What is looked at before the layout of the program is known (`check_btf_func_early`). */
export function checkFunctionsFirst(subject: ProgramSubject): void {
  const { funcInfo } = subject.program;
  if (!hasAny(funcInfo)) return;
  checkSize(subject, funcInfo);
  if (recordCount(funcInfo) > MOST) subject.refuse(KB_26, "");
  let previous = 0;
  for (const record of functionRecords(funcInfo, subject.littleEndian)) {
    checkPlace(subject, record, previous);
    checkType(subject, record);
    previous = record.start;
  }
}

/** The functions beside the layout; where nothing was looked at before, all of it. */
export function checkFunctions(subject: ProgramSubject): void {
  const { program, subprograms, features, littleEndian } = subject;
  if (!hasAny(program.funcInfo)) {
    checkWithout(subject);
    return;
  }
  if (recordCount(program.funcInfo) !== subprograms.length) subject.refuse(KB_06, NUMBER);
  if (!features.functionsFirst) checkSize(subject, program.funcInfo);
  let previous = 0;
  for (const record of functionRecords(program.funcInfo, littleEndian)) {
    if (!features.functionsFirst) checkPlace(subject, record, previous);
    checkStart(subject, record);
    if (!features.functionsFirst) checkType(subject, record);
    checkReturn(subject, record, subprograms[record.index]);
    previous = record.start;
  }
}

/** Without func_info nobody knows what a function returns. */
export function checkWithout(subject: ProgramSubject): void {
  for (const { hasLdAbs, hasTailCall } of subject.subprograms.slice(1)) {
    if (!hasLdAbs && !hasTailCall) continue;
    subject.refuse(KB_18, `${hasLdAbs ? "LD_ABS" : "tail_call"} is not allowed in subprogs without BTF`);
  }
}
