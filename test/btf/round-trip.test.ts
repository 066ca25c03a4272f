import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBtf, headerLength, typeOffsets, typeSectionStart } from "../../src/btf/encode.ts";
import { codecOf } from "../../src/btf/kind.ts";
import { KIND_NUMBER } from "../../src/btf/model.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { arbitraryBlob, arbitrarySplit, type BlobOptions } from "./arbitrary.ts";
import { assemble, stringTable } from "./assemble.ts";

const families: readonly (readonly [string, BlobOptions])[] = [
  ["plausible", {}],
  ["wild", { style: "wild" }],
  ["odd headers and gaps", { style: "wild", odd: true }],
  ["wide vlen", { style: "wild", wideVlen: true }],
  ["layout and unknown kinds", { style: "wild", layout: true }],
  ["everything", { style: "wild", layout: true, odd: true, wideVlen: true }],
];

test.each(families)("encoding undoes parsing: %s", (_, options) => {
  fc.assert(
    fc.property(arbitraryBlob(options), ({ bytes }) => {
      expect(encodeBtf(parseBtf(bytes))).toEqual(bytes);
    }),
    { numRuns: 400 },
  );
});

test("every record is found where the assembler put it", () => {
  fc.assert(
    fc.property(arbitraryBlob({ style: "wild", layout: true, odd: true }), ({ bytes, wire }) => {
      const btf = parseBtf(bytes);
      expect(btf.types.length).toBe(wire.records.length);
      const view = new DataView(bytes.buffer);
      const start = typeSectionStart(btf);
      expect(start).toBe(headerLength(btf) + view.getUint32(8, wire.littleEndian));
      typeOffsets(btf).forEach((offset, index) => {
        const record = wire.records[index];
        expect(view.getUint32(start + offset, wire.littleEndian)).toBe(record?.nameOff);
        expect(view.getUint32(start + offset + 8, wire.littleEndian)).toBe(record?.sizeOrType);
      });
    }),
  );
});

test("split blobs continue the ids of their base", () => {
  fc.assert(
    fc.property(arbitrarySplit(), ({ base, split }) => {
      const whole = parseBtf(split, parseBtf(base));
      expect(whole.firstId).toBe(parseBtf(base).types.length + 1);
      expect(encodeBtf(whole)).toEqual(split);
    }),
    { numRuns: 200 },
  );
});

test("a split blob may lack strings and start with a name", () => {
  const base = parseBtf(assemble({ littleEndian: true, records: [], strings: stringTable(["a"]).bytes }));
  for (const strings of [new Uint8Array(0), Uint8Array.from([0x62, 0])]) {
    const bytes = assemble({ littleEndian: true, records: [], strings });
    expect(encodeBtf(parseBtf(bytes, base))).toEqual(bytes);
    expect(() => parseBtf(bytes)).toThrow(expect.objectContaining({ code: "BTF_MALFORMED" }));
  }
});

test("an enum with more values than 16 bits count comes back", () => {
  const vlen = 70_000;
  const words = Array.from({ length: vlen * 2 }, (_, index) => index);
  const record = { nameOff: 0, kind: KIND_NUMBER.enum, vlen, kindFlag: false, sizeOrType: 4, words };
  const bytes = assemble({ littleEndian: true, records: [record], strings: new Uint8Array(1) });
  const btf = parseBtf(bytes);
  expect(Buffer.compare(encodeBtf(btf), bytes)).toBe(0);
  // The same list in a blob that had none so long is refused: kernels up to 6.18 would read another vlen.
  expect(() => encodeBtf({ ...btf, wire: undefined })).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
});

test("the kernel's own BTF comes back", ({ skip }) => {
  const path = "/sys/kernel/btf/vmlinux";
  if (!existsSync(path)) skip("no /sys/kernel/btf/vmlinux");
  const bytes = new Uint8Array(readFileSync(path));
  const btf = parseBtf(bytes);
  expect(btf.types.length).toBeGreaterThan(10_000);
  expect(Buffer.compare(encodeBtf(btf), bytes)).toBe(0);
});

test("the kernel modules' split BTF comes back", ({ skip }) => {
  const folder = "/sys/kernel/btf";
  const modules = existsSync(folder) ? readdirSync(folder).filter((name) => name !== "vmlinux") : [];
  if (modules.length === 0) skip("no module BTF");
  const base = parseBtf(new Uint8Array(readFileSync(`${folder}/vmlinux`)));
  for (const name of modules) {
    const bytes = new Uint8Array(readFileSync(`${folder}/${name}`));
    expect(Buffer.compare(encodeBtf(parseBtf(bytes, base)), bytes)).toBe(0);
  }
});

test("there is a codec for each of the 19 kinds and for no other", () => {
  const known = Array.from({ length: 128 }, (_, kind) => kind).filter((kind) => codecOf(kind) !== undefined);
  expect(known).toEqual(Object.values(KIND_NUMBER));
});
