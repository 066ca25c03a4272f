import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse } from "./rule.ts";

const source = "asm.Instruction.Unmarshal";
const helper = ciliumRule("CP-09", "The number of a helper is below 2^28.", source, "invalid constant 0xN");
const halves = ciliumRule(
  "CP-10",
  "A function does not end between the halves of an instruction.",
  source,
  "64bit immediate is missing second half",
);
const zeros = ciliumRule(
  "CP-11",
  "The second half of an instruction is zero but for its number.",
  source,
  "64bit immediate has non-zero fields",
);
const eight = ciliumRule("CP-12", "A function ends with a whole instruction.", source, "unexpected EOF");

export const instructionRules: readonly LoaderRule[] = [helper, halves, zeros, eight];

/** An instruction, of which both halves are one. */
export interface Instruction {
  readonly opcode: number;
  readonly source: number;
  readonly destination: number;
  /** Signed. */
  readonly constant: bigint;
}

/** Code of a load of 64 bits, the one instruction that is 16 bytes long. */
export const DOUBLE = 0x18;
/** Where instructions end. */
export const BREAK: unique symbol = Symbol("end of code");

const PSEUDO_CALL = 1;
const PSEUDO_FUNC = 4;
const JUMP_CLASS = 0x05;
const CALL = 0x80;
const SIZE = 8;

export function isCall({ opcode }: Instruction): boolean {
  return (opcode & 0x07) === JUMP_CLASS && (opcode & 0xf0) === CALL;
}

/** Whether a call is one of a function of the object, or a load of 64 bits is of its address. */
export function isFunctionReference(insn: Instruction): boolean {
  return insn.source === (isCall(insn) ? PSEUDO_CALL : PSEUDO_FUNC);
}

/** Reads the instruction at an offset; `BREAK` at the end. Errors: CP-09 to CP-12. */
export function readInstruction(view: DataView, at: number, littleEndian: boolean): Instruction | typeof BREAK {
  const left = view.byteLength - at;
  if (left === 0) return BREAK;
  if (left < SIZE) refuse(eight);
  const opcode = view.getUint8(at);
  const registers = view.getUint8(at + 1);
  const [low, high] = [registers & 0xf, registers >> 4];
  const [destination, source] = littleEndian ? [low, high] : [high, low];
  const constant = view.getInt32(at + 4, littleEndian);
  const insn = { opcode, source, destination, constant: BigInt(constant) };
  if (isCall(insn) && source === 0 && destination === 0 && constant >= 2 ** 28) {
    refuse(helper, `invalid constant 0x${constant.toString(16)}`);
  }
  if (opcode !== DOUBLE) return insn;
  if (left < 2 * SIZE) refuse(halves);
  if (view.getUint32(at + SIZE, littleEndian) !== 0) refuse(zeros);
  const upper = view.getInt32(at + SIZE + 4, littleEndian);
  return { ...insn, constant: (BigInt(upper) << 32n) | BigInt(constant >>> 0) };
}
