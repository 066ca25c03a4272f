/** Bytes of one instruction slot; `ld_imm64` takes two. */
export const INSN_SIZE = 8;

/** Instruction classes (low three bits of the opcode) of include/uapi/linux/bpf.h and the ISA of RFC 9669. */
export const CLASS = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, jmp32: 6, alu64: 7 } as const;

/** `lddw`, the one instruction of two slots. */
export const LD_IMM64 = 0x18;

/** `src` of a call (BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL) and of `ld_imm64` (BPF_PSEUDO_FUNC). */
export const PSEUDO_CALL = 1;
export const PSEUDO_KFUNC_CALL = 2;
export const PSEUDO_FUNC = 4;

/** Frame pointer: read only. */
export const FRAME = 10;

/** Registers that a call takes its arguments in, and loses: r1 to r5, as a mask. */
export const ARGUMENTS = 0b11_1110;

const [OP_END, OP_MOV, OP_NEG] = [0xd0, 0xb0, 0x80] as const;
const [JA, CALL, EXIT, JCOND] = [0x00, 0x80, 0x90, 0xe0] as const;
const FROM_REGISTER = 8;

/** Modes of loads and stores (top three bits of the opcode). */
const [MODE_ABS, MODE_IND, MODE_ATOMIC] = [0x20, 0x40, 0xc0] as const;
/** Operations of atomic stores, in the immediate. */
const [FETCH, CMPXCHG, LOAD_ACQUIRE] = [0x01, 0xf1, 0x100] as const;

/** One instruction: registers 0 to 15, `offset` of 16 bits and `immediate` of 32 bits, both signed. */
export interface Insn {
  readonly opcode: number;
  readonly dst: number;
  readonly src: number;
  readonly offset: number;
  readonly immediate: number;
}

/** A window on code, to be read instruction by instruction. */
export function codeView({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The instruction at a byte offset, of which 8 bytes must be there. */
export function insnAt(view: DataView, at: number, littleEndian: boolean): Insn {
  const registers = view.getUint8(at + 1);
  const [low, high] = [registers & 15, registers >> 4];
  return {
    opcode: view.getUint8(at),
    dst: littleEndian ? low : high,
    src: littleEndian ? high : low,
    offset: view.getInt16(at + 2, littleEndian),
    immediate: view.getInt32(at + 4, littleEndian),
  };
}

/** Slots that an instruction takes. */
export function slotsOf({ opcode }: Insn): number {
  return opcode === LD_IMM64 ? 2 : 1;
}

/** Whether it calls a function at a known place, a helper or a kfunc. */
export function isCall({ opcode }: Insn): boolean {
  return opcode === (CLASS.jmp | CALL);
}

/**
 * What an instruction does with registers (masks, bit n for rn), and where the code goes on, in slots from its own. A call says nothing
 * of its arguments: who is called must tell. `next` is undefined where only the running program knows (`callx`, `gotox`, and what the
 * ISA does not name).
 */
export interface Effect {
  readonly reads: number;
  readonly writes: number;
  readonly next: readonly number[] | undefined;
}

const STEP = [1] as const;
const WIDE_STEP = [2] as const;
const END: readonly number[] = [];

function bit(register: number): number {
  return 1 << register;
}

function storeEffect({ opcode, dst, src, immediate }: Insn): Effect {
  const both = bit(dst) | bit(src);
  if ((opcode & 0xe0) !== MODE_ATOMIC) return { reads: both, writes: 0, next: STEP };
  if (immediate === LOAD_ACQUIRE) return { reads: bit(src), writes: bit(dst), next: STEP };
  if (immediate === CMPXCHG) return { reads: both | bit(0), writes: bit(0), next: STEP };
  return { reads: both, writes: (immediate & FETCH) !== 0 ? bit(src) : 0, next: STEP };
}

function loadEffect({ opcode, dst, src }: Insn): Effect {
  if (opcode === LD_IMM64) return { reads: 0, writes: bit(dst), next: WIDE_STEP };
  const mode = opcode & 0xe0;
  // Packet loads of classic BPF take the context from r6 and behave like a call.
  if (mode === MODE_ABS) return { reads: bit(6), writes: ARGUMENTS | bit(0), next: STEP };
  if (mode === MODE_IND) return { reads: bit(6) | bit(src), writes: ARGUMENTS | bit(0), next: STEP };
  return { reads: 0, writes: 0, next: undefined };
}

function jumpEffect({ opcode, dst, src, offset, immediate }: Insn): Effect {
  const is32 = (opcode & 7) === CLASS.jmp32;
  const fromRegister = (opcode & FROM_REGISTER) !== 0;
  switch (opcode & 0xf0) {
    case EXIT:
      return { reads: bit(0), writes: 0, next: END };
    case CALL:
      return { reads: 0, writes: ARGUMENTS | bit(0), next: fromRegister || is32 ? undefined : STEP };
    case JA:
      if (fromRegister) return { reads: bit(dst), writes: 0, next: undefined };
      return { reads: 0, writes: 0, next: [1 + (is32 ? immediate : offset)] };
    case JCOND:
      return { reads: 0, writes: 0, next: [1, 1 + offset] };
    default:
      return { reads: bit(dst) | (fromRegister ? bit(src) : 0), writes: 0, next: [1, 1 + offset] };
  }
}

/** Registers read and written, and where the code goes on. */
export function effectOf(insn: Insn): Effect {
  const { opcode, dst, src } = insn;
  switch (opcode & 7) {
    case CLASS.ld:
      return loadEffect(insn);
    case CLASS.ldx:
      return { reads: bit(src), writes: bit(dst), next: STEP };
    case CLASS.st:
      return { reads: bit(dst), writes: 0, next: STEP };
    case CLASS.stx:
      return storeEffect(insn);
    case CLASS.jmp:
    case CLASS.jmp32:
      return jumpEffect(insn);
    default: {
      const operation = opcode & 0xf0;
      const takesSource = (opcode & FROM_REGISTER) !== 0 && operation !== OP_NEG && operation !== OP_END;
      const takesTarget = operation !== OP_MOV;
      return { reads: (takesSource ? bit(src) : 0) | (takesTarget ? bit(dst) : 0), writes: bit(dst), next: STEP };
    }
  }
}
