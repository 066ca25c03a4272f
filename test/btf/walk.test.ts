import { expect, test } from "vitest";
import type { Btf, BtfType } from "../../src/btf/model.ts";
import { lastId, mapNames, mapReferences, references, sizeOf, skipModifiers } from "../../src/btf/walk.ts";

const member = { nameOff: 11, type: 1, bitOffset: 0, bitfieldSize: 0 };

/** Each kind with what it refers to, in the order of its words, and the names in it. */
const table: readonly (readonly [BtfType, readonly number[], readonly number[]])[] = [
  [{ kind: "int", nameOff: 1, size: 4, bits: 32, bitOffset: 0, encoding: 0 }, [], [1]],
  [{ kind: "ptr", nameOff: 0, type: 9 }, [9], [0]],
  [{ kind: "array", nameOff: 0, type: 8, indexType: 7, nelems: 6 }, [8, 7], [0]],
  [
    { kind: "struct", nameOff: 2, size: 8, bitfields: false, members: [member, { ...member, type: 2 }] },
    [1, 2],
    [2, 11, 11],
  ],
  [{ kind: "union", nameOff: 2, size: 8, bitfields: true, members: [member] }, [1], [2, 11]],
  [{ kind: "enum", nameOff: 2, size: 4, signed: true, values: [{ nameOff: 3, value: -1 }] }, [], [2, 3]],
  [{ kind: "enum64", nameOff: 2, size: 8, signed: true, values: [{ nameOff: 3, value: -1n }] }, [], [2, 3]],
  [{ kind: "fwd", nameOff: 4, union: false }, [], [4]],
  [{ kind: "typedef", nameOff: 4, type: 5 }, [5], [4]],
  [{ kind: "func", nameOff: 4, type: 5, linkage: 1 }, [5], [4]],
  [
    {
      kind: "funcProto",
      nameOff: 0,
      returnType: 0,
      params: [
        { nameOff: 5, type: 6 },
        { nameOff: 0, type: 0 },
      ],
    },
    [0, 6, 0],
    [0, 5, 0],
  ],
  [{ kind: "var", nameOff: 4, type: 5, linkage: 1 }, [5], [4]],
  [{ kind: "datasec", nameOff: 4, size: 8, entries: [{ type: 3, offset: 0, size: 8 }] }, [3], [4]],
  [{ kind: "float", nameOff: 4, size: 8 }, [], [4]],
  [{ kind: "declTag", nameOff: 4, type: 5, component: -1, attribute: false }, [5], [4]],
  [{ kind: "typeTag", nameOff: 4, type: 5, attribute: false }, [5], [4]],
];

test.each(table)("$kind: references and names", (type, ids, names) => {
  expect([...references(type)]).toEqual(ids);
  const seen: number[] = [];
  const moved = mapReferences(type, (id) => {
    seen.push(id);
    return id + 100;
  });
  expect(seen.toSorted()).toEqual([...ids].toSorted());
  expect([...references(moved)]).toEqual(ids.map((id) => id + 100));
  const found: number[] = [];
  mapNames(type, (offset) => {
    found.push(offset);
    return offset + 1;
  });
  expect(found).toEqual(names);
});

function blob(types: readonly BtfType[], base?: Btf): Btf {
  const firstId = base === undefined ? 1 : lastId(base) + 1;
  return { littleEndian: true, types, firstId, strings: { bytes: new Uint8Array(1) }, base, wire: undefined };
}

const int: BtfType = { kind: "int", nameOff: 1, size: 4, bits: 32, bitOffset: 0, encoding: 0 };
const to = (kind: "ptr" | "typedef" | "const" | "volatile" | "restrict", type: number): BtfType => ({
  kind,
  nameOff: 0,
  type,
});
const array = (type: number, nelems: number): BtfType => ({ kind: "array", nameOff: 0, type, indexType: 1, nelems });

test("modifiers and typedefs are skipped as far as they go", () => {
  const tag: BtfType = { kind: "typeTag", nameOff: 0, type: 5, attribute: false };
  const btf = blob([
    int,
    to("typedef", 3),
    to("const", 4),
    tag,
    to("volatile", 6),
    to("restrict", 7),
    to("ptr", 2),
    to("const", 0),
    to("const", 99),
  ]);
  expect([1, 2, 5, 7, 8, 9, 0, 55].map((id) => skipModifiers(btf, id))).toEqual([1, 7, 7, 7, 0, 99, 0, 55]);
});

test("circles end", () => {
  const btf = blob([to("const", 2), to("typedef", 1), to("typedef", 3), array(4, 2)]);
  for (const id of [1, 2, 3]) expect(skipModifiers(btf, id)).toBe(0);
  for (const id of [1, 2, 3, 4]) expect(sizeOf(btf, id)).toBeUndefined();
});

test("sizes as btf__resolve_size gives them", () => {
  const variable: BtfType = { kind: "var", nameOff: 1, type: 5, linkage: 0 };
  const btf = blob([
    int,
    to("ptr", 99),
    array(1, 3),
    array(3, 5),
    to("typedef", 4),
    variable,
    { kind: "fwd", nameOff: 1, union: false },
    array(7, 1),
    array(1, 0),
    array(1, 0x3fff_ffff),
    array(1, 0x4000_0000),
    array(10, 5),
    array(12, 0),
  ]);
  const sizes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map((id) => sizeOf(btf, id));
  const none = undefined;
  expect(sizes).toEqual([none, 4, 8, 12, 60, 60, 60, none, none, 0, 0xffff_fffc, none, none, 0, none]);
});

test("types of the base have sizes", () => {
  const base = blob([int, array(1, 4)]);
  const split = blob([to("typedef", 2)], base);
  expect(sizeOf(split, 3)).toBe(16);
  expect(skipModifiers(split, 3)).toBe(2);
});
