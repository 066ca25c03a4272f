/** Where the subprograms of a program begin, and whether each stays within itself (`add_subprog_and_kfunc`, `check_subprogs`). */
import { CLASS, type Insn, LD_IMM64, PSEUDO_CALL, PSEUDO_FUNC, PSEUDO_KFUNC_CALL } from "../../../elf/insn.ts";
import { E2BIG, type KernelRule } from "../rule.ts";
import { callbackOf } from "./exception-callback.ts";
import { programRule } from "./rule.ts";
import type { ProgramSubject, Subprogram } from "./subject.ts";

/** BPF_COMPLEXITY_LIMIT_INSNS and BPF_MAX_SUBPROGS. */
const MOST_INSNS = 1_000_000;
const MOST_SUBPROGRAMS = 256;

/** BPF_FUNC_tail_call. */
const TAIL_CALL = 12;
const [CALL, EXIT, JUMP, LONG_JUMP, REGISTER_JUMP] = [0x85, 0x95, 0x05, 0x06, 0x0d] as const;
const [MODE_ABS, MODE_IND] = [0x20, 0x40] as const;
const OPERATION = 0xf0;

const INVALID_CALL = "call to invalid destination";
const TOO_MANY = "too many subprograms";
const FALLS_THROUGH = "last insn is not an exit or jmp";

const KB_31 = programRule(
  "KB-31",
  "A program has 1 to 1,000,000 instructions.",
  "kernel/bpf/syscall.c bpf_prog_load",
  [],
  { errno: E2BIG },
);
const KB_32 = programRule("KB-32", "The last instruction is whole.", "bpf_check", "invalid bpf_ld_imm64 insn", {
  since: "7.3",
});
const KB_33 = programRule("KB-33", "Calls of functions stay within the program.", "add_subprog", INVALID_CALL);
const KB_34 = programRule("KB-34", "A program has at most 256 functions.", "add_subprog", TOO_MANY, { errno: E2BIG });
const KB_35 = programRule(
  "KB-35",
  "Jumps stay within their function.",
  "check_subprogs",
  "jump out of range from insn N to M",
);
const KB_36 = programRule("KB-36", "A function ends in an exit or a jump.", "check_subprogs", FALLS_THROUGH);

export const layoutRules: readonly KernelRule[] = [KB_31, KB_32, KB_33, KB_34, KB_35, KB_36];

/** What is looked at before anything else. */
export function checkLength(subject: ProgramSubject): void {
  const { length } = subject;
  if (length === 0 || length > MOST_INSNS) subject.refuse(KB_31, "");
  if (subject.insn(length - 1).opcode === LD_IMM64) subject.refuse(KB_32, "invalid bpf_ld_imm64 insn");
}

/** Finds the subprograms: the first instruction, and what is called or has its address taken. */
export function findSubprograms(subject: ProgramSubject): void {
  const starts = new Set([0]);
  const add = (start: number): void => {
    if (start < 0 || start >= subject.length) subject.refuse(KB_33, INVALID_CALL);
    if (!starts.has(start) && starts.size >= MOST_SUBPROGRAMS) subject.refuse(KB_34, TOO_MANY);
    starts.add(start);
  };
  for (let index = 0; index < subject.length; index++) {
    const insn = subject.insn(index);
    if (isReference(subject, insn)) add((index + insn.immediate + 1) | 0);
    else if (isKernelFunction(subject, insn)) subject.undecided = true;
  }
  const callback = callbackOf(subject);
  if (callback !== undefined) add(callback);
  subject.subprograms = [...starts]
    .sort((a, b) => a - b)
    .map((start) => ({ start, hasLdAbs: false, hasTailCall: false }));
}

function isReference({ features }: ProgramSubject, { opcode, src }: Insn): boolean {
  if (opcode === CALL) return src === PSEUDO_CALL;
  return features.callbacks === true && opcode === LD_IMM64 && src === PSEUDO_FUNC;
}

/** Whether the kernel looks for a function of its own here; one of no number it lets pass. */
function isKernelFunction({ features }: ProgramSubject, { opcode, src, offset, immediate }: Insn): boolean {
  if (!features.callbacks || features.relocationsFirst) return false;
  return opcode === CALL && src === PSEUDO_KFUNC_CALL && (offset !== 0 || immediate !== 0);
}

/** Checks that no subprogram jumps or falls out of itself, and notes what each does that not all may. */
export function checkSubprograms(subject: ProgramSubject): void {
  subject.subprograms.forEach((own, number) => {
    const end = subject.subprograms[number + 1]?.start ?? subject.length;
    for (let index = own.start; index < end; index++) {
      const insn = subject.insn(index);
      note(subject, own, insn);
      const target = jumpTarget(subject, index, insn);
      if (target < own.start || target >= end) {
        subject.refuse(KB_35, `jump out of range from insn ${index} to ${target}`);
      }
    }
    if (!isEnd(subject, subject.insn(end - 1))) subject.refuse(KB_36, FALLS_THROUGH);
  });
}

function note({ features }: ProgramSubject, own: Subprogram, { opcode, src, immediate }: Insn): void {
  // A kfunc of the helper's number counted as the helper, before.
  const isHelper = features.functionsFirst ? src === 0 : src !== PSEUDO_CALL;
  if (opcode === CALL && immediate === TAIL_CALL && isHelper) {
    own.hasTailCall = true;
  }
  const mode = opcode & 0xe0;
  if ((opcode & 7) === CLASS.ld && (mode === MODE_ABS || mode === MODE_IND)) own.hasLdAbs = true;
}

/** Where a jump goes, as an instruction number; its own of what is none, or goes who knows where. */
function jumpTarget({ features }: ProgramSubject, index: number, insn: Insn): number {
  const kind = insn.opcode & 7;
  const operation = insn.opcode & OPERATION;
  if (kind !== CLASS.jmp && kind !== CLASS.jmp32) return index;
  if (operation === (CALL & OPERATION) || operation === (EXIT & OPERATION)) return index;
  if (features.registerJumps && insn.opcode === REGISTER_JUMP) return index;
  const isLong = features.callbacks && insn.opcode === LONG_JUMP;
  return (index + (isLong ? insn.immediate : insn.offset) + 1) | 0;
}

function isEnd({ features }: ProgramSubject, { opcode }: Insn): boolean {
  if (opcode === EXIT || opcode === JUMP) return true;
  if (opcode === LONG_JUMP) return features.callbacks === true;
  return opcode === REGISTER_JUMP && features.registerJumps === true;
}
