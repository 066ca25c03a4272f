/** Inflating what zlib deflated, and streams that are not valid. */
import { constants, deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decompressSection } from "../../src/dwarf/compressed.ts";
import { inflateZlib } from "../../src/dwarf/inflate.ts";
import { type Section, SHF_COMPRESSED } from "../../src/elf/model.ts";
import { BtfFixError } from "../../src/errors.ts";
import { fixed } from "./assemble.ts";

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

/** Text that repeats itself near and far, and noise. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 5000 }),
  fc
    .array(fc.constantFrom("DW_TAG_", "structure_type", "x", "core::mem::maybe_uninit::MaybeUninit<u32>", "\0"), {
      maxLength: 2000,
    })
    .map((words) => new Uint8Array(Buffer.from(words.join("")))),
  fc.tuple(fc.nat(255), fc.nat(200_000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
);

describe("inflate", () => {
  test("undoes deflate of every level and strategy", () => {
    const level = fc.integer({ min: 0, max: 9 });
    const strategy = fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE);
    fc.assert(
      fc.property(content, level, strategy, (bytes, level, strategy) => {
        const packed = deflateSync(bytes, { level, strategy });
        expect(Buffer.compare(inflateZlib(packed, bytes.length), bytes)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test("a damaged or cut stream is told, whatever the damage", () => {
    fc.assert(
      fc.property(
        content,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.nat(7),
        fc.boolean(),
        (bytes, at, bit, cut) => {
          const packed = new Uint8Array(deflateSync(bytes));
          const place = Math.floor(at * packed.length);
          const damaged = cut ? packed.slice(0, place) : packed.with(place, (packed[place] ?? 0) ^ (1 << bit));
          try {
            // Unused bits of the last byte and the header's level may differ without harm.
            expect(Buffer.compare(inflateZlib(damaged, bytes.length), bytes)).toBe(0);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([-1, 1])("a size that is off by %s", (off) => {
    const packed = deflateSync(Buffer.from("a size that is off"));
    expect(() => inflateZlib(packed, 18 + off)).toThrow(RangeError);
  });
});

describe("compressed sections", () => {
  function section(littleEndian: boolean, type: number, size: number | bigint, packed: Uint8Array): Section {
    const header = [
      ...fixed(type, 4, littleEndian),
      ...fixed(0, 4, littleEndian),
      ...fixed(size, 8, littleEndian),
      ...fixed(1, 8, littleEndian),
    ];
    const bytes = Uint8Array.from([...header, ...packed]);
    return {
      ...{
        index: 1,
        name: ".debug_info",
        type: 1,
        flags: SHF_COMPRESSED,
        offset: 0,
        size: bytes.length,
        link: 0,
        info: 0,
      },
      ...{ addralign: 1, entsize: 0, bytes },
    };
  }

  const plain = Buffer.from("some DWARF, some DWARF, some DWARF");
  const packed = deflateSync(plain);

  test.each([true, false])("are inflated, little-endian %s", (littleEndian) => {
    const found = decompressSection(section(littleEndian, 1, plain.length, packed), littleEndian);
    expect(Buffer.from(found).toString()).toBe(plain.toString());
  });

  test.each<[string, number, number | bigint, Uint8Array, string]>([
    ["zstd", 2, 10, packed, "DWARF_UNSUPPORTED"],
    ["an unknown type", 77, 10, packed, "DWARF_UNSUPPORTED"],
    ["a size that the data cannot give", 1, 500_000_000, packed, "DWARF_MALFORMED"],
    ["a size beyond all limits", 1, 2n ** 63n, packed, "LIMIT_EXCEEDED"],
    ["another size", 1, plain.length + 1, packed, "DWARF_MALFORMED"],
    ["noise", 1, 10, Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), "DWARF_MALFORMED"],
  ])("%s", (_, type, size, bytes, code) => {
    const run = (): Uint8Array => decompressSection(section(true, type, size, bytes), true);
    expect(run).toThrow(BtfFixError);
    expect(run).toThrow(expect.objectContaining({ code, span: expect.objectContaining({ section: ".debug_info" }) }));
  });

  test("a section shorter than its header", () => {
    const short = { ...section(true, 1, 1, packed), bytes: new Uint8Array(10) };
    expect(() => decompressSection(short, true)).toThrow(expect.objectContaining({ code: "DWARF_MALFORMED" }));
  });
});
