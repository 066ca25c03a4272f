/** What a relocation of the kernel puts into an instruction, and what must stand there before (`bpf_core_patch_insn`). */
import { CLASS, type Insn, LD_IMM64 } from "../../../elf/insn.ts";
import type { KernelRule } from "../rule.ts";
import { programRule } from "./rule.ts";
import type { ProgramSubject } from "./subject.ts";

const SINCE = { since: "6.1" } as const;
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
const KB_42 = programRule(
  "KB-42",
  "An instruction of core_relo holds what the compiler knew.",
  "tools/lib/bpf/relo_core.c bpf_core_patch_insn",
  "prog '': relo #N: unexpected insn #M (K) value: got X, exp Y -> Z",
  SINCE,
);

export const patchRules: readonly KernelRule[] = [KB_30, KB_42];

/** Slots that were patched before, with what they hold now; undefined where only the kernel knows, or its type is no longer there. */
export type Patched = Map<number, number | undefined>;

/** The relocation of one instruction. */
export interface Patch {
  /** Number of its record. */
  readonly index: number;
  /** Slot of the instruction. */
  readonly at: number;
  /** What it holds now; undefined where that is not looked at. */
  readonly expected: number | undefined;
  /** Whether it is spoilt where the kernel has nothing of the kind. */
  readonly maySpoil: boolean;
}

const FROM_REGISTER = 8;

/** Checks that the instruction has a constant, and the one that is expected. */
export function checkPatch(subject: ProgramSubject, patch: Patch, patched: Patched): void {
  const { index, at, expected } = patch;
  if (patched.has(at) && patched.get(at) === undefined) return;
  if (patch.maySpoil && !subject.features.formsFirst) return;
  const insn = subject.insn(at);
  const kind = insn.opcode & 7;
  const before = patched.get(at);
  if (kind === CLASS.ldx || kind === CLASS.st || kind === CLASS.stx) {
    checkValue(subject, patch, "LDX/ST/STX", before ?? insn.offset);
  } else if (kind === CLASS.ld) {
    const second = subject.insn(at + 1);
    if (!isPlainLoad(insn, second)) {
      subject.refuse(KB_30, `prog '': relo #${index}: insn #${at} (LDIMM64) has unexpected form`, index);
      return;
    }
    const value = before ?? BigInt.asUintN(64, (BigInt(second.immediate) << 32n) | BigInt(insn.immediate >>> 0));
    if (expected !== undefined && BigInt(value) !== BigInt(expected))
      refuseValue(subject, patch, "LDIMM64", `${value}`);
  } else if ((kind === CLASS.alu || kind === CLASS.alu64) && (insn.opcode & FROM_REGISTER) === 0) {
    checkValue(subject, patch, "ALU/ALU64", before ?? insn.immediate);
  } else {
    refuseKind(subject, patch, insn, kind);
  }
}

function checkValue(subject: ProgramSubject, patch: Patch, what: string, value: number): void {
  // What is expected is compared as 64 bits without a sign.
  if (patch.expected === undefined || value === patch.expected) return;
  refuseValue(subject, patch, what, `${subject.features.relocationsFirst ? value : value >>> 0}`);
}

function refuseValue(subject: ProgramSubject, { index, at, expected }: Patch, what: string, got: string): void {
  // What would be put there only the kernel knows.
  subject.undecided = true;
  const line = `prog '': relo #${index}: unexpected insn #${at} (${what}) value: got ${got}, exp ${expected}`;
  subject.refuse(KB_42, line, index);
}

function refuseKind(subject: ProgramSubject, { index, at }: Patch, insn: Insn, kind: number): void {
  const isArithmetic = kind === CLASS.alu || kind === CLASS.alu64;
  if (isArithmetic && !subject.features.formsFirst) {
    subject.refuse(KB_30, "", index);
    return;
  }
  const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
  const { opcode, src, dst, offset, immediate } = insn;
  const shown = `code:${hex(opcode)}, src:${hex(src)}, dst:${hex(dst)}, off:${hex(offset)}, imm:${hex(immediate)}`;
  subject.refuse(KB_30, `prog '': relo #${index}: trying to relocate unrecognized insn #${at}, ${shown}`, index);
}

function isPlainLoad(first: Insn, second: Insn): boolean {
  if (first.opcode !== LD_IMM64 || first.src !== 0 || first.offset !== 0) return false;
  return second.opcode === 0 && second.dst === 0 && second.src === 0 && second.offset === 0;
}
