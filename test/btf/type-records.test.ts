import fc from "fast-check";
import { expect, test } from "vitest";
import { assembleBtf } from "../../src/btf/encode.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { TYPE_WORD, TypeRecords } from "../../src/btf/type-records.ts";
import { arbitraryBtf } from "./arbitrary.ts";

test("what is written type by type reads back as it was", () => {
  fc.assert(
    fc.property(arbitraryBtf(), ({ littleEndian, types, strings }) => {
      const records = new TypeRecords(littleEndian);
      const ids = types.map((type) => records.add(type));
      expect(ids).toEqual(types.map((_, index) => index + 1));
      const read = parseBtf(assembleBtf(records, strings.bytes, littleEndian));
      expect(read.types).toEqual(types);
      expect(read.strings.bytes).toEqual(strings.bytes);
      expect(read.littleEndian).toBe(littleEndian);
    }),
    { numRuns: 200 },
  );
});

test("thousands of types outgrow every buffer; one is replaced, and one word of another", () => {
  const records = new TypeRecords(true);
  for (let i = 0; i < 3000; i++) records.add({ kind: "ptr", nameOff: 0, type: i });
  records.replace(2, { kind: "const", nameOff: 0, type: 77 });
  records.setWord(3, TYPE_WORD, 5);
  expect(records.word(3000, TYPE_WORD)).toBe(2999);
  const { types } = parseBtf(assembleBtf(records, new Uint8Array(1), true));
  expect(types.length).toBe(3000);
  expect(types.slice(0, 4)).toEqual([
    { kind: "ptr", nameOff: 0, type: 0 },
    { kind: "const", nameOff: 0, type: 77 },
    { kind: "ptr", nameOff: 0, type: 5 },
    { kind: "ptr", nameOff: 0, type: 3 },
  ]);
});

test("a number that its field cannot hold is refused with the type's id", () => {
  const records = new TypeRecords(true);
  records.add({ kind: "ptr", nameOff: 0, type: 0 });
  expect(() => records.add({ kind: "ptr", nameOff: 0, type: -1 })).toThrow(
    expect.objectContaining({ code: "LIMIT_EXCEEDED", message: expect.stringContaining("type [2]") }),
  );
});
