import fc from "fast-check";
import { expect, test } from "vitest";
import { BtfBuilder } from "../../src/btf/builder.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import { type BtfType, typeById } from "../../src/btf/model.ts";
import { nameBytes, nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { mapNames, mapReferences } from "../../src/btf/walk.ts";
import { arbitraryBlob, arbitrarySplit } from "./arbitrary.ts";
import { assemble, stringTable } from "./assemble.ts";

const name = fc.oneof(
  fc.string({ minLength: 1, unit: "binary" }).map((text) => text.replaceAll("\0", "0")),
  fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => bytes.map((byte) => byte || 1)),
);
const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === "string" ? new TextEncoder().encode(text) : text;

test("appending keeps every id, name and byte that was there", () => {
  const blob = arbitraryBlob({ style: "wild", odd: true, layout: true });
  fc.assert(
    fc.property(blob, fc.array(name, { maxLength: 5 }), ({ bytes, wire }, names) => {
      const origin = parseBtf(bytes);
      const builder = new BtfBuilder(origin);
      const added = names.map((text): [number, Uint8Array] => {
        const id = builder.nextId;
        expect(builder.add({ kind: "fwd", nameOff: builder.string(text), union: false })).toBe(id);
        return [id, bytesOf(text)];
      });
      const read = parseBtf(encodeBtf(builder.finish()));
      expect(read.types.slice(0, origin.types.length)).toEqual(origin.types);
      expect(read.strings.bytes.subarray(0, wire.strings.length)).toEqual(wire.strings);
      expect(read.wire?.layout).toEqual(origin.wire?.layout);
      expect(read.wire?.gaps).toEqual(origin.wire?.gaps);
      for (const [id, text] of added) expect(nameBytes(read, typeById(read, id)?.nameOff ?? 0)).toEqual(text);
    }),
    { numRuns: 300 },
  );
});

test("what an edit leaves has the words that the assembler gives it", () => {
  fc.assert(
    fc.property(arbitraryBlob({ odd: true }), name, ({ bytes, wire }, text) => {
      const builder = new BtfBuilder(parseBtf(bytes));
      builder.replace(1, { kind: "ptr", nameOff: 0, type: 2 });
      builder.add({ kind: "float", nameOff: 0, size: 8 });
      const before = wire.strings.length;
      const offset = builder.string(text);
      const strings = offset < before ? wire.strings : Uint8Array.from([...wire.strings, ...bytesOf(text), 0]);
      const plain = { nameOff: 0, vlen: 0, kindFlag: false, words: [] };
      const records = [
        { ...plain, kind: 2, sizeOrType: 2 },
        ...wire.records.slice(1),
        { ...plain, kind: 16, sizeOrType: 8 },
      ];
      expect(encodeBtf(builder.finish())).toEqual(assemble({ ...wire, records, strings }));
    }),
    { numRuns: 300 },
  );
});

test("a name is appended once and never shared from its middle", () => {
  const { bytes, offsets } = stringTable(["prefix_name", "other"]);
  const builder = new BtfBuilder(parseBtf(assemble({ littleEndian: true, records: [], strings: bytes })));
  expect(builder.string("other")).toBe(offsets[1]);
  expect(builder.string("")).toBe(0);
  const appended = builder.string("name");
  expect(appended).toBe(bytes.length);
  expect(builder.string("name")).toBe(appended);
  expect(builder.string("größe")).toBe(bytes.length + 5);
  const btf = builder.finish();
  expect(nameText(btf, appended)).toBe("name");
  expect(nameText(btf, bytes.length + 5)).toBe("größe");
});

test("every name of a table is found where it first stands, the first names and the later ones alike", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b", "ab", "ba", "_", "é", "abc"), { maxLength: 20 }), (names) => {
      const table = stringTable(names).bytes;
      const builder = new BtfBuilder({ ...BtfBuilder.empty(true).finish(), strings: { bytes: table } });
      const latin = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
      for (const text of names) {
        expect(builder.string(text)).toBe(latin(table).indexOf(`\0${latin(bytesOf(text))}\0`) + 1);
      }
      expect(builder.finish().strings.bytes).toEqual(table);
    }),
  );
});

test("a finished blob does not change with its builder", () => {
  const builder = BtfBuilder.empty(false);
  builder.add({ kind: "ptr", nameOff: 0, type: 0 });
  const btf = builder.finish();
  builder.add({ kind: "fwd", nameOff: builder.string("later"), union: false });
  builder.replace(1, { kind: "float", nameOff: 0, size: 8 });
  expect(btf.types).toEqual([{ kind: "ptr", nameOff: 0, type: 0 }]);
  expect(() => builder.replace(3, { kind: "ptr", nameOff: 0, type: 0 })).toThrow(RangeError);
  const record = { nameOff: 0, kind: 2, vlen: 0, kindFlag: false, sizeOrType: 0, words: [] };
  expect(encodeBtf(btf)).toEqual(assemble({ littleEndian: false, records: [record], strings: new Uint8Array(1) }));
});

test("a split blob grows after its base", () => {
  fc.assert(
    fc.property(arbitrarySplit(), name, (blobs, text) => {
      const base = parseBtf(blobs.base);
      const split = parseBtf(blobs.split, base);
      const builder = new BtfBuilder(split);
      const id = builder.add({ kind: "fwd", nameOff: builder.string(text), union: true });
      expect(id).toBe(base.types.length + split.types.length + 1);
      const read = parseBtf(encodeBtf(builder.finish()), base);
      expect(nameBytes(read, typeById(read, id)?.nameOff ?? 0)).toEqual(bytesOf(text));
      expect(typeById(read, 1)).toEqual(typeById(base, 1));
    }),
    { numRuns: 100 },
  );
});

test("mapping ids and names there and back gives the same records", () => {
  fc.assert(
    fc.property(arbitraryBlob({ style: "wild" }), ({ bytes }) => {
      const btf = parseBtf(bytes);
      const flip = (word: number): number => (word ^ 0x5555_5555) >>> 0;
      const there = btf.types.map((type): BtfType => mapNames(mapReferences(type, flip), flip));
      const back = there.map((type): BtfType => mapReferences(mapNames(type, flip), flip));
      expect(back).toEqual(btf.types);
      for (const type of btf.types)
        expect(
          mapNames(
            mapReferences(type, (id) => id),
            (offset) => offset,
          ),
        ).toBe(type);
    }),
    { numRuns: 200 },
  );
});
