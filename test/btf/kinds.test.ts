import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import type { BtfType } from "../../src/btf/model.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { assemble, stringTable, type WireRecord } from "./assemble.ts";

// Words as Documentation/bpf/btf.rst lays them out, beside what they mean.

const NO_FLAG = { vlen: 0, kindFlag: false, words: [] };
const cases: readonly (readonly [string, Omit<WireRecord, "nameOff">, Record<string, unknown>])[] = [
  [
    "INT",
    { ...NO_FLAG, kind: 1, sizeOrType: 4, words: [0x0105_0020] },
    { kind: "int", size: 4, bits: 32, bitOffset: 5, encoding: 1 },
  ],
  ["PTR", { ...NO_FLAG, kind: 2, sizeOrType: 7 }, { kind: "ptr", type: 7 }],
  [
    "ARRAY",
    { ...NO_FLAG, kind: 3, sizeOrType: 0, words: [2, 3, 0xffff_ffff] },
    { kind: "array", type: 2, indexType: 3, nelems: 0xffff_ffff },
  ],
  [
    "STRUCT",
    { ...NO_FLAG, kind: 4, vlen: 2, sizeOrType: 16, words: [1, 2, 0, 1, 3, 0x0100_0040] },
    {
      kind: "struct",
      size: 16,
      bitfields: false,
      members: [
        { nameOff: 1, type: 2, bitOffset: 0, bitfieldSize: 0 },
        { nameOff: 1, type: 3, bitOffset: 0x0100_0040, bitfieldSize: 0 },
      ],
    },
  ],
  [
    "UNION with bitfields",
    { kind: 5, vlen: 1, kindFlag: true, sizeOrType: 4, words: [1, 2, 0x0300_0020] },
    { kind: "union", size: 4, bitfields: true, members: [{ nameOff: 1, type: 2, bitOffset: 32, bitfieldSize: 3 }] },
  ],
  [
    "ENUM, unsigned",
    { ...NO_FLAG, kind: 6, vlen: 1, sizeOrType: 4, words: [1, 0xffff_fffe] },
    { kind: "enum", size: 4, signed: false, values: [{ nameOff: 1, value: 4294967294 }] },
  ],
  [
    "ENUM, signed",
    { kind: 6, kindFlag: true, vlen: 1, sizeOrType: 4, words: [1, 0xffff_fffe] },
    { kind: "enum", size: 4, signed: true, values: [{ nameOff: 1, value: -2 }] },
  ],
  ["FWD of a struct", { ...NO_FLAG, kind: 7, sizeOrType: 0 }, { kind: "fwd", union: false }],
  ["FWD of a union", { ...NO_FLAG, kind: 7, kindFlag: true, sizeOrType: 0 }, { kind: "fwd", union: true }],
  ["TYPEDEF", { ...NO_FLAG, kind: 8, sizeOrType: 9 }, { kind: "typedef", type: 9 }],
  ["VOLATILE", { ...NO_FLAG, kind: 9, sizeOrType: 9 }, { kind: "volatile", type: 9 }],
  ["CONST", { ...NO_FLAG, kind: 10, sizeOrType: 9 }, { kind: "const", type: 9 }],
  ["RESTRICT", { ...NO_FLAG, kind: 11, sizeOrType: 9 }, { kind: "restrict", type: 9 }],
  ["FUNC", { ...NO_FLAG, kind: 12, vlen: 2, sizeOrType: 9 }, { kind: "func", type: 9, linkage: 2 }],
  [
    "FUNC_PROTO",
    { ...NO_FLAG, kind: 13, vlen: 2, sizeOrType: 3, words: [1, 4, 0, 0] },
    {
      kind: "funcProto",
      returnType: 3,
      params: [
        { nameOff: 1, type: 4 },
        { nameOff: 0, type: 0 },
      ],
    },
  ],
  ["VAR", { ...NO_FLAG, kind: 14, sizeOrType: 5, words: [1] }, { kind: "var", type: 5, linkage: 1 }],
  [
    "DATASEC",
    { ...NO_FLAG, kind: 15, vlen: 1, sizeOrType: 24, words: [5, 8, 16] },
    { kind: "datasec", size: 24, entries: [{ type: 5, offset: 8, size: 16 }] },
  ],
  ["FLOAT", { ...NO_FLAG, kind: 16, sizeOrType: 8 }, { kind: "float", size: 8 }],
  [
    "DECL_TAG of the whole",
    { ...NO_FLAG, kind: 17, sizeOrType: 5, words: [0xffff_ffff] },
    { kind: "declTag", type: 5, component: -1, attribute: false },
  ],
  [
    "DECL_TAG of a member, as attribute",
    { kind: 17, vlen: 0, kindFlag: true, sizeOrType: 5, words: [3] },
    { kind: "declTag", type: 5, component: 3, attribute: true },
  ],
  ["TYPE_TAG", { ...NO_FLAG, kind: 18, sizeOrType: 5 }, { kind: "typeTag", type: 5, attribute: false }],
  [
    "ENUM64, unsigned",
    { ...NO_FLAG, kind: 19, vlen: 1, sizeOrType: 8, words: [1, 0xffff_fffe, 0xffff_ffff] },
    { kind: "enum64", size: 8, signed: false, values: [{ nameOff: 1, value: 0xffff_ffff_ffff_fffen }] },
  ],
  [
    "ENUM64, signed",
    { kind: 19, kindFlag: true, vlen: 1, sizeOrType: 8, words: [1, 0xffff_fffe, 0xffff_ffff] },
    { kind: "enum64", size: 8, signed: true, values: [{ nameOff: 1, value: -2n }] },
  ],
  [
    "INT with reserved bits",
    { kind: 1, vlen: 3, kindFlag: true, sizeOrType: 4, words: [0xf100_ff20] },
    {
      kind: "int",
      size: 4,
      bits: 32,
      bitOffset: 0,
      encoding: 1,
      unused: { vlen: 3, kindFlag: true, intWord: 0xf000_ff00 },
    },
  ],
  [
    "FWD with a size",
    { ...NO_FLAG, kind: 7, sizeOrType: 8, vlen: 1 },
    { kind: "fwd", union: false, unused: { vlen: 1, sizeOrType: 8 } },
  ],
];

const strings = stringTable(["name", "other"]).bytes;

describe.each([true, false])("little-endian %s", (littleEndian) => {
  test.each(cases)("%s", (_, record, meaning) => {
    const bytes = assemble({ littleEndian, records: [{ nameOff: 6, ...record }], strings });
    const btf = parseBtf(bytes);
    expect(btf.types).toEqual([{ nameOff: 6, ...meaning }]);
    expect(encodeBtf({ ...btf, wire: undefined })).toEqual(bytes);
  });

  test("a kind that the layout section alone knows", () => {
    const none = Array.from({ length: 21 }, () => [0, 0, 0] as const);
    const record = { nameOff: 6, kind: 21, vlen: 2, kindFlag: true, sizeOrType: 3, words: [7, 8, 9] };
    const bytes = assemble({ littleEndian, records: [record], strings, layout: [...none, [4, 4, 1]] });
    const btf = parseBtf(bytes);
    expect(btf.types).toMatchObject([{ kind: "unknown", kindNumber: 21, vlen: 2, kindFlag: true, sizeOrType: 3 }]);
    expect(btf.wire?.layout?.[21]).toEqual({ infoSize: 4, elemSize: 4, flags: 1 });
    expect(encodeBtf(btf)).toEqual(bytes);
    expect(() => parseBtf(assemble({ littleEndian, records: [record], strings }))).toThrow(
      ".BTF is malformed: type [1] has the unknown kind 21",
    );
  });
});

const empty = { littleEndian: true, firstId: 1, strings: { bytes: strings }, base: undefined, wire: undefined };
const unencodable: readonly (readonly [string, BtfType])[] = [
  ["an id of 33 bits", { kind: "ptr", nameOff: 0, type: 2 ** 32 }],
  ["a negative size", { kind: "float", nameOff: 0, size: -1 }],
  ["a name that is no number", { kind: "fwd", nameOff: Number.NaN, union: false }],
  ["an INT of 256 bits", { kind: "int", nameOff: 0, size: 32, bits: 256, bitOffset: 0, encoding: 0 }],
  [
    "a signed value past 31 bits",
    { kind: "enum", nameOff: 0, size: 4, signed: true, values: [{ nameOff: 1, value: 2 ** 31 }] },
  ],
  [
    "a negative unsigned value",
    { kind: "enum", nameOff: 0, size: 4, signed: false, values: [{ nameOff: 1, value: -1 }] },
  ],
  [
    "a value of 65 bits",
    { kind: "enum64", nameOff: 0, size: 8, signed: false, values: [{ nameOff: 1, value: 1n << 64n }] },
  ],
  ["a linkage of 17 bits", { kind: "func", nameOff: 0, type: 1, linkage: 0x1_0000 }],
  [
    "a bitfield without its flag",
    {
      kind: "struct",
      nameOff: 0,
      size: 4,
      bitfields: false,
      members: [{ nameOff: 1, type: 1, bitOffset: 0, bitfieldSize: 3 }],
    },
  ],
  [
    "an offset of 25 bits beside bitfields",
    {
      kind: "struct",
      nameOff: 0,
      size: 4,
      bitfields: true,
      members: [{ nameOff: 1, type: 1, bitOffset: 2 ** 24, bitfieldSize: 0 }],
    },
  ],
];

test.each(unencodable)("%s is refused and not cut", (_, type) => {
  expect(() => encodeBtf({ ...empty, types: [type] })).toThrow(
    expect.objectContaining({
      code: "LIMIT_EXCEEDED",
      message: expect.stringMatching(/^type \[1\] cannot be encoded: /),
    }),
  );
});
