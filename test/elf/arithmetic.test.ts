import fc from "fast-check";
import { expect, test } from "vitest";
import { UNDEFINED_BASE } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { relocateSection } from "../../src/elf/relocate.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { corpusObject } from "./objects.ts";

/** S + A at the edges that no compiler's object reaches: carries, large values, special symbols, RELA, the types of old LLVM. */

const HOMES = { defined: undefined, undefined: 0, absolute: 0xfff1, common: 0xfff2 } as const;

interface Case {
  readonly littleEndian: boolean;
  readonly rela: boolean;
  readonly type: number;
  readonly value: bigint;
  readonly addend: bigint;
  readonly home: keyof typeof HOMES;
}

/** The first 64-bit relocation of `.debug_info`, with its symbol, type, in-place word and explicit addend replaced. */
function relocateOne({ littleEndian, rela, type, value, addend, home }: Case): {
  readonly field: DataView;
  readonly symbol: number;
  readonly section: number;
} {
  const bytes = new Uint8Array(corpusObject(`shapes/s26_globals.${littleEndian ? "bpfel" : "bpfeb"}.o`));
  const before = parseElf(bytes);
  const info = sectionNamed(before, ".debug_info");
  const rel = sectionNamed(before, ".rel.debug_info");
  const symtab = sectionNamed(before, ".symtab");
  const entry = relocationsOf(before, info?.index ?? -1).find((candidate) => candidate.type === 2);
  const named = before.symbols[entry?.symbol ?? -1];
  if (info === undefined || rel === undefined || symtab === undefined || entry === undefined || named === undefined) {
    throw new Error("the object has changed");
  }
  const view = new DataView(bytes.buffer);
  const header = before.sectionHeaders + rel.index * 64;
  if (rela) {
    view.setUint32(header + 4, 4, littleEndian);
    view.setBigUint64(header + 56, 24n, littleEndian);
  }
  // One entry is left, in the place of the first.
  view.setBigUint64(header + 32, rela ? 24n : 16n, littleEndian);
  view.setBigUint64(rel.offset, BigInt(entry.offset), littleEndian);
  view.setBigUint64(rel.offset + 8, (BigInt(entry.symbol) << 32n) | BigInt(type), littleEndian);
  view.setBigInt64(rel.offset + 16, rela ? addend : 0n, littleEndian);
  view.setBigInt64(info.offset + entry.offset, rela ? 0x1111_1111_1111_1111n : addend, littleEndian);
  view.setBigUint64(symtab.offset + entry.symbol * 24 + 8, value, littleEndian);
  const section = HOMES[home];
  if (section !== undefined) view.setUint16(symtab.offset + entry.symbol * 24 + 6, section, littleEndian);
  const result = relocateSection(parseElf(bytes), info.index);
  return {
    field: new DataView(result.buffer, result.byteOffset + entry.offset, 8),
    symbol: entry.symbol,
    section: named.section,
  };
}

const cases: fc.Arbitrary<Case> = fc.record({
  littleEndian: fc.boolean(),
  rela: fc.boolean(),
  type: fc.constantFrom(1, 2, 3, 4, 10),
  value: fc.bigInt({ min: 0n, max: (1n << 53n) - 1n }),
  addend: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  home: fc.constantFrom(...(Object.keys(HOMES) as (keyof typeof HOMES)[])),
});

test("a relocated field is S + A, modulo its width", () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { field, symbol, section } = relocateOne(one);
      const outside = one.home === "undefined" || one.home === "common";
      const base = outside ? UNDEFINED_BASE + symbol : one.home === "absolute" ? 0 : section;
      // A common symbol's value is its alignment, no address.
      const sum = (BigInt(base) << 32n) + (one.home === "common" ? 0n : one.value);
      const width = one.type === 1 || one.type === 2 ? 8 : 4;
      if (width === 8) {
        expect(field.getBigUint64(0, one.littleEndian)).toBe(BigInt.asUintN(64, sum + one.addend));
        return;
      }
      // A 32-bit REL field holds the first four bytes of what was written in place.
      const inPlace = one.littleEndian ? one.addend : BigInt.asUintN(64, one.addend) >> 32n;
      const addend = one.rela ? one.addend : inPlace;
      expect(BigInt(field.getUint32(0, one.littleEndian))).toBe(BigInt.asUintN(32, sum + addend));
    }),
    { numRuns: 400 },
  );
});
