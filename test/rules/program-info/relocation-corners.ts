/** Relocations of odd names, and of instructions of each form. */
import { KIND } from "../kernel/draft.ts";
import { type Code, SET, WIDE, ZERO } from "./program.ts";
import { relocate, type Whole } from "./whole.ts";

type Change = (program: Whole) => void;

/** More than a line of the log has room for. */
export const LONG = 1100;

/** Relocations that name what is not there, or in more words than a line has room for. */
export const odd: readonly Change[] = [
  ({ draft, btf }) => void draft.coreRelo.records.push([72, 0, btf.name("1"), 6]),
  ({ draft, btf }) => void draft.coreRelo.records.push([72, 0, btf.name("0"), 6]),
  ({ draft, btf }) => void draft.coreRelo.records.push([72, 0, btf.name("0"), 2]),
  (program) => relocate(program, 6, "1", program.btf.add(KIND.ptr, { word: 1 })),
  (program) => relocate(program, 6, "1", program.btf.struct("", 4, [["a", 1, 0]])),
  (program) => relocate(program, 6, "1", program.btf.proto(0, [])),
  (program) => relocate(program, 0, "0:".repeat(LONG)),
  (program) => relocate(program, 6, "0".repeat(LONG)),
  (program) => relocate(program, 0, `${"0:".repeat(63)}0`),
  (program) => relocate(program, 7, "0", program.btf.struct("s".repeat(120), 4, [])),
  (program) => relocate(program, 7, "1", program.btf.struct("s".repeat(120), 4, [])),
  ({ draft, btf, types }) => void draft.coreRelo.records.push([72, types.struct, btf.stringsLength, 6]),
  ({ draft, btf, types }) => {
    const at = btf.stringsLength - 1;
    draft.coreRelo.records.push([72, types.struct, at, 6]);
  },
  ({ draft, types }) => void draft.coreRelo.records.push([72, types.struct, 0, 6]),
  ({ draft, types }) => void draft.coreRelo.records.push([72, types.struct, 0xffff_ffff, 6]),
  ({ draft, btf }) => void draft.coreRelo.records.push([72, 0xffff_ffff, btf.name("0"), 6]),
  ({ draft, btf }) => void draft.coreRelo.records.push([72, btf.records.length, btf.name("0"), 6]),
  ({ draft, btf }) => void draft.coreRelo.records.push([72, btf.records.length + 1, btf.name("0"), 6]),
];

const WIDE_ONES: readonly (readonly Code[])[] = [
  WIDE(3, 1),
  WIDE(3, 5),
  [
    [0x18, 3, 0, 0, 1],
    [0, 0, 0, 0, 1],
  ],
  [
    [0x18, 3, 0, 0, -1],
    [0, 0, 0, 0, -1],
  ],
  [
    [0x18, 3, 1, 0, 1],
    [0, 0, 0, 0, 0],
  ],
  [
    [0x18, 3, 0, 1, 1],
    [0, 0, 0, 0, 0],
  ],
  [
    [0x18, 3, 0, 0, 1],
    [1, 0, 0, 0, 0],
  ],
  [
    [0x18, 3, 0, 0, 1],
    [0, 1, 0, 0, 0],
  ],
  [
    [0x18, 3, 0, 0, 1],
    [0, 0, 1, 0, 0],
  ],
  [
    [0x18, 3, 0, 0, 1],
    [0, 0, 0, 1, 0],
  ],
  [
    [0x00, 3, 0, 0, 1],
    [0, 0, 0, 0, 0],
  ],
  [[0x30, 0, 0, 0, 1], ZERO],
];
const SHORT_ONES: readonly Code[] = [
  ...[0x61, 0x69, 0x71, 0x79].flatMap((opcode): Code[] => [-1, 0, 1, 4].map((offset) => [opcode, 3, 6, offset, 0])),
  ...[0x62, 0x63, 0x7a, 0x7b, 0xdb].flatMap((opcode): Code[] => [-8, 1].map((offset) => [opcode, 10, 3, offset, 1])),
  ...[0xb4, 0xb7, 0x07, 0x04].flatMap((opcode): Code[] => [-1, 1, 5].map((value) => [opcode, 3, 0, 0, value])),
  [0xbf, 3, 6, 0, 1],
  [0xbc, 3, 6, 0, 1],
  [0x87, 3, 0, 0, 1],
  [0xdc, 3, 0, 0, 16],
  [0x05, 0, 0, 0, 1],
  [0x15, 3, 0, 0, 1],
  [0x16, 3, 0, 0, -1],
  [0x85, 0, 0, -1, 7],
  [0x95, 0, 0, 0, 1],
];

/** Relocations of instructions of each form, and second ones of the same instruction. */
export function forms(): readonly Change[] {
  const bodies = [...WIDE_ONES, ...SHORT_ONES.map((code) => [code])];
  const relocations = [[0], [2], [6], [9], [11], [6, 2], [2, 2], [2, 6], [0, 2], [6, 6]];
  return bodies.flatMap((body) =>
    relocations.map(
      (kinds): Change =>
        (program) => {
          const { draft, types } = program;
          draft.functions[1]?.splice(1, 1, ...body);
          draft.lineInfo.records = [];
          draft.starts().forEach((start, number) => {
            const record = draft.funcInfo.records[number];
            if (record !== undefined) record[0] = start;
          });
          for (const kind of kinds) {
            if (kind === 11) relocate(program, kind, "0", types.enum);
            else relocate(program, kind, kind === 2 || kind === 0 ? "0:0" : "0");
          }
        },
    ),
  );
}

/** Types of the kernel's own, of which it alone knows what it makes: then it may refuse what we take. */
export const ofKernel: readonly Change[] = [
  ...[0, 1, 2, 9].flatMap((kind) =>
    [1, 5, 8].map(
      (value): Change =>
        (program) => {
          const { draft, btf } = program;
          const pointer = btf.add(KIND.ptr, { word: 0 });
          const struct = btf.struct("list_head", 16, [
            ["next", pointer, 0],
            ["prev", pointer, 64],
          ]);
          draft.functions[1]?.splice(1, 1, SET(3, value));
          relocate(program, kind, kind === 9 ? "0" : "0:1", struct);
        },
    ),
  ),
];
