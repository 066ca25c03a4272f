import type { ElfView } from "../../elf/model.ts";
import type { FunctionSite } from "./sites.ts";

/** Bytes of one instruction, and instructions that are looked at: prologues move or use arguments early. */
const INSN = 8;
const MAX_INSNS = 256;

/** Instruction classes and operations of include/uapi/linux/bpf.h. */
const LD_IMM64 = 0x18;
const [LDX, ST, STX, JMP, JMP32] = [1, 2, 3, 5, 6] as const;
const [MOV, JA, CALL, EXIT] = [0xb0, 0x00, 0x80, 0x90] as const;
const FROM_REGISTER = 8;

/** What an instruction does to one register, and the slots, relative to its own, where the code goes on. */
interface Effect {
  readonly reads: boolean;
  readonly writes: boolean;
  readonly next: readonly number[];
}

function effectOn(register: number, view: DataView, at: number, littleEndian: boolean): Effect {
  const opcode = view.getUint8(at);
  const [low, high] = [view.getUint8(at + 1) & 15, view.getUint8(at + 1) >> 4];
  const isTarget = (littleEndian ? low : high) === register;
  const isSource = (littleEndian ? high : low) === register;
  const usesSource = (opcode & FROM_REGISTER) !== 0 && isSource;
  const operation = opcode & 0xf0;
  switch (opcode & 7) {
    case LDX:
      return { reads: isSource, writes: isTarget, next: [1] };
    case ST:
      return { reads: isTarget, writes: false, next: [1] };
    case STX:
      return { reads: isTarget || isSource, writes: false, next: [1] };
    case JMP:
    case JMP32: {
      const offset = view.getInt16(at + 2, littleEndian);
      if (operation === EXIT) return { reads: false, writes: false, next: [] };
      // How many arguments a callee takes is not said here, and afterwards all of them are gone.
      if (operation === CALL) return { reads: false, writes: true, next: [] };
      if (operation !== JA) return { reads: isTarget || usesSource, writes: false, next: [1, 1 + offset] };
      const far = (opcode & 7) === JMP32 ? view.getInt32(at + 4, littleEndian) : offset;
      return { reads: false, writes: false, next: [1 + far] };
    }
    default:
      if (opcode === LD_IMM64) return { reads: false, writes: isTarget, next: [2] };
      return { reads: usesSource || (isTarget && operation !== MOV), writes: isTarget, next: [1] };
  }
}

function reads(register: number, view: DataView, start: number, littleEndian: boolean): boolean {
  const waiting = [start];
  const seen = new Set<number>();
  for (let at = waiting.pop(); at !== undefined && seen.size < MAX_INSNS; at = waiting.pop()) {
    if (at < 0 || at + INSN > view.byteLength || seen.has(at)) continue;
    seen.add(at);
    const effect = effectOn(register, view, at, littleEndian);
    if (effect.reads) return true;
    if (!effect.writes) for (const slots of effect.next) waiting.push(at + slots * INSN);
  }
  return false;
}

/**
 * Whether the code of a function reads each of its arguments (r1 and on). Where it does not, LLVM's dead argument elimination leaves the
 * register unset in the callers, exported function or not, and the verifier refuses the call of a global function with it.
 */
export function readsArguments(elf: ElfView, site: FunctionSite, count: number): boolean {
  const section = site.symbol === undefined ? undefined : elf.sections[site.symbol.section];
  if (section === undefined) return true;
  const { buffer, byteOffset, byteLength } = section.bytes;
  const view = new DataView(buffer, byteOffset, byteLength);
  for (let register = 1; register <= count; register++) {
    if (!reads(register, view, site.offset, elf.littleEndian)) return false;
  }
  return true;
}
