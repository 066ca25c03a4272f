/** Jumps, calls and ends of functions. */
import { type Code, EXIT, MOVE, SET, type Slot, TAIL_CALL, ZERO } from "./program.ts";
import type { Whole } from "./whole.ts";

type Change = (program: Whole) => void;

/** One function's instructions, with no records but what the layout needs; the first slot is its own. */
const bare =
  (...functions: readonly (readonly Slot[])[]): Change =>
  ({ draft }) => {
    draft.functions.splice(0, 3, ...functions.map((slots) => [...slots]));
    draft.funcInfo.records = [];
    draft.lineInfo.records = [];
  };

const CALL_ONE: Slot = { function: 1, kind: "call" };

/** Jumps about the edges of a function that begins at slot 2 and has 4 slots. */
export function jumps(): readonly Change[] {
  const opcodes = [
    0x05, 0x06, 0x0d, 0x0e, 0x15, 0x1d, 0x16, 0x1e, 0xe5, 0xe6, 0x85, 0x95, 0x8d, 0x8e, 0x9d, 0x96, 0x86, 0x25,
  ];
  const places = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
  return opcodes.flatMap((opcode) => [
    ...places.flatMap((away) => [
      bare([CALL_ONE, EXIT], [ZERO, [opcode, 0, 0, away, 0], ZERO, EXIT], [ZERO, EXIT]),
      bare([CALL_ONE, EXIT], [ZERO, [opcode, 0, 0, 0, away], ZERO, EXIT], [ZERO, EXIT]),
    ]),
    bare([CALL_ONE, EXIT], [ZERO, [opcode, 0, 0, -1, -1]], [ZERO, EXIT]),
    bare([ZERO, [opcode, 0, 0, -2, -2]]),
    bare([ZERO, [opcode, 0, 0, 0x7fff, 0x7fff_ffff], EXIT]),
    bare([ZERO, [opcode, 0, 0, -0x8000, -0x8000_0000], EXIT]),
  ]);
}

const one = (code: Code): Change => bare([MOVE(6, 1), CALL_ONE, EXIT], [MOVE(6, 1), code, ZERO, EXIT]);

/** What a function does that not all may; and calls that only look so. */
export const doings: readonly Change[] = [
  ...[0x20, 0x28, 0x30, 0x38, 0x40, 0x48, 0x50, 0x60, 0x80, 0xc0, 0x00].map((opcode) => one([opcode, 0, 0, 0, 0])),
  ...[0x21, 0x40 | 5, 0x24, 0x27].map((opcode) => one([opcode, 0, 0, 0, 0])),
  ...[0, 1, 2, 3].flatMap((src) => [one([0x85, 0, src, 0, 12]), one([0x85, 0, src, 0, 0]), one([0x85, 0, src, 1, 0])]),
  one([0x86, 0, 0, 0, 12]),
  one([0x84, 0, 0, 0, 12]),
  one([0x18, 0, 4, 0, 12]),
  // A call of a function that is twelve slots on.
  bare(
    [CALL_ONE, EXIT],
    [[0x85, 0, 1, 0, 12], ...Array.from({ length: 11 }, (): Code => SET(3, 1)), EXIT],
    [ZERO, EXIT],
  ),
  ...[1, 5].map(
    (number): Change =>
      (program) => {
        // The kernel looks for this function of its own before it comes to the jump.
        one([0x85, 0, 2, 0, number])(program);
        program.draft.functions[1]?.unshift([0x05, 0, 0, 300]);
      },
  ),
  (program) => {
    one([0x85, 0, 2, 1, 0])(program);
    program.draft.functions[1]?.unshift([0x05, 0, 0, 300]);
  },
  (program) => {
    one([0x85, 0, 2, 0, 0])(program);
    program.draft.functions[1]?.unshift([0x05, 0, 0, 300]);
  },
  (program) => {
    one(TAIL_CALL)(program);
    program.draft.functions[0]?.splice(1, 0, TAIL_CALL);
  },
  bare([
    [0x18, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [0x18, 0, 0, 0, 0],
  ]),
  bare([[0x18, 0, 0, 0, 0]]),
  // A call of the first instruction, which nothing comes to, and one of the first after the end.
  bare([ZERO, EXIT, [0x85, 0, 1, 0, -3], EXIT]),
  bare([ZERO, [0x85, 0, 1, 0, 1], EXIT]),
  one([0xbf, 3, 2, 0, 7]),
  one([0xbf, 3, 4, 0, 300]),
  bare([EXIT]),
  bare([ZERO]),
];
