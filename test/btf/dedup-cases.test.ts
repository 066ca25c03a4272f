import { expect } from "vitest";
import { dedupBtf } from "../../src/btf/dedup.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import type { BtfType } from "../../src/btf/model.ts";
import { dedup17, libbpfDedup } from "../judges/dedup.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { joinUnits } from "./duplicated.ts";

/** "S", "T" and "m". */
const [S, T, M] = [1, 3, 5];
const strings = { bytes: new Uint8Array([0, 83, 0, 84, 0, 109, 0]) };

const int: BtfType = { kind: "int", nameOff: M, size: 4, bits: 32, bitOffset: 0, encoding: 0 };
const float: BtfType = { kind: "float", nameOff: M, size: 4 };
const ptr = (type: number): BtfType => ({ kind: "ptr", nameOff: 0, type });
const typedef = (type: number): BtfType => ({ kind: "typedef", nameOff: T, type });
const array = (type: number): BtfType => ({ kind: "array", nameOff: 0, type, indexType: 1, nelems: 3 });
const fwd = (nameOff: number, union = false): BtfType => ({ kind: "fwd", nameOff, union });
const anEnum = (size: number, ...values: readonly number[]): BtfType => ({
  kind: "enum",
  nameOff: S,
  size,
  signed: false,
  values: values.map((value) => ({ nameOff: M, value })),
});
const struct = (nameOff: number, ...members: readonly number[]): BtfType => ({
  kind: "struct",
  nameOff,
  size: 8,
  bitfields: false,
  members: members.map((type) => ({ nameOff: M, type, bitOffset: 0, bitfieldSize: 0 })),
});

/** Records of one member each, every one inside the one before, `length` of them from id `first` on, the last around `inner`. */
const nest = (first: number, length: number, inner: number): BtfType[] =>
  Array.from({ length }, (_, index) => struct(0, index === length - 1 ? inner : first + index + 1));

/** A unit where both members of S have the same nest, and one that has it twice, around one type. */
const nested = (depth: number): BtfType[][] => [
  [int, struct(S, 3, 3), ...nest(3, depth, 1)],
  [int, struct(S, 3, 3 + depth), ...nest(3, depth, 1), ...nest(3 + depth, depth, 1)],
];

/** Two members that lead to the same records, one of them by a detour: the records are deep enough for one way only. */
const detour = (way: number, depth: number): BtfType[] => {
  const half = (at: number): BtfType[] => {
    const end = at + 1 + way;
    return [struct(0, at + 1, end), ...nest(at + 1, way, end), ...nest(end, depth, 1)];
  };
  const size = 1 + way + depth;
  return [int, struct(S, 3, 3 + size), ...half(3), ...half(3 + size)];
};
const straight = (way: number, depth: number): BtfType[] => [
  int,
  struct(S, 3, 3),
  struct(0, 4, 4 + way),
  ...nest(4, way, 4 + way),
  ...nest(4 + way, depth, 1),
];

/** What the units are, and how many types libbpf leaves of them. */
const table: readonly (readonly [name: string, units: readonly (readonly BtfType[])[], left: number])[] = [
  [
    "a struct that one unit only declares",
    [
      [int, struct(S, 1)],
      [fwd(S), ptr(1)],
    ],
    3,
  ],
  [
    "a FWD of the other kind stays",
    [
      [int, struct(S, 1)],
      [fwd(S, true), ptr(1)],
    ],
    4,
  ],
  [
    "a FWD of a name that two structs have stays",
    [
      [int, struct(S, 1), struct(S, 1, 1)],
      [fwd(S), ptr(1)],
    ],
    5,
  ],
  ["an enum declared, then defined", [[anEnum(4)], [anEnum(8, 1)], [anEnum(4)]], 1],
  ["an enum defined twice, then declared", [[anEnum(4, 1)], [anEnum(4, 2)], [anEnum(4)]], 2],
  [
    "typedefs that lead back to themselves",
    [
      [typedef(2), ptr(1)],
      [ptr(2), typedef(1)],
    ],
    2,
  ],
  [
    "arrays of one length and of other elements are identical",
    [
      [int, array(1), struct(S, 2, 2)],
      [int, float, array(1), array(2), struct(S, 3, 4)],
    ],
    5,
  ],
  [
    "a pointer that one unit has twice",
    [
      [int, ptr(1), struct(S, 2, 2)],
      [int, ptr(1), ptr(1), struct(S, 2, 3)],
    ],
    3,
  ],
  [
    "pointers to other types that are one in the first unit",
    [
      [int, ptr(1), struct(S, 2, 2)],
      [int, float, ptr(1), ptr(2), struct(S, 3, 4)],
    ],
    6,
  ],
  ["structs 14 deep that one unit has twice", nested(14), 16],
  ["structs 15 deep", nested(15), 17],
  ["structs 16 deep", nested(16), 18],
  ["structs 17 deep", nested(17), 20],
  ["structs 7 deep, also by way of 8 others", [straight(8, 7), detour(8, 7)], 18],
  ["structs 9 deep, also by way of 8 others", [straight(8, 9), detour(8, 9)], 21],
];

for (const [name, units, left] of table) {
  judgeTest(dedup17())(name, () => {
    const types = joinUnits(units);
    const btf = { littleEndian: true, types, firstId: 1, strings, base: undefined, wire: undefined };
    const [theirs] = libbpfDedup("dedup17", [{ btf: encodeBtf(btf) }]);
    const ours = dedupBtf(btf).btf;
    expect(theirs?.errno).toBe(0);
    expect(encodeBtf(ours)).toEqual(theirs?.btf);
    expect(ours.types).toHaveLength(left);
  });
}
