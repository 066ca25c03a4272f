import { describe, expect, test } from "vitest";
import { parseElf } from "../../src/elf/parse.ts";
import { relocationEntries, relocationSections, relocationsOf } from "../../src/elf/relocations.ts";
import {
  definedSymbols,
  functionSymbolAt,
  objectSymbolAt,
  sectionNamed,
  sectionsNamed,
} from "../../src/elf/symbols.ts";
import { CLANG, CORPUS, compile, corpusObject, READELF, TARGETS, testWith } from "./objects.ts";
import { readelf } from "./readelf.ts";
import { refusal } from "./refusal.ts";

/** Our view of an object is llvm-readelf's, field by field. */
function expectSameAsReadelf(bytes: Uint8Array): void {
  const elf = parseElf(bytes);
  const judge = readelf(bytes);
  expect(
    elf.sections.map((s) => [
      s.index,
      s.name,
      s.type,
      s.flags,
      s.offset,
      s.size,
      s.link,
      s.info,
      s.addralign,
      s.entsize,
    ]),
  ).toEqual(
    judge.sections.map((s) => [
      s.Index,
      s.Name.Name,
      s.Type.Value,
      s.Flags.Value,
      s.Offset,
      s.Size,
      s.Link,
      s.Info,
      s.AddressAlignment,
      s.EntrySize,
    ]),
  );
  // llvm-readelf gives a nameless section symbol the name of its section.
  const title = (index: number): string => {
    const symbol = elf.symbols[index];
    return symbol?.type === 3 ? (elf.sections[symbol.section]?.name ?? "") : (symbol?.name ?? "");
  };
  expect(elf.symbols.map((s) => [title(s.index), s.value, s.size, s.binding, s.type, s.visibility, s.section])).toEqual(
    judge.symbols.map((s) => [
      s.Name.Name,
      s.Value,
      s.Size,
      s.Binding.Value,
      s.Type.Value,
      s.Other.Value,
      s.Section.Value,
    ]),
  );
  const ours = relocationSections(elf).flatMap((section) => relocationEntries(elf, section));
  expect(ours.map((r) => [r.relSection, r.offset, r.type, title(r.symbol)])).toEqual(
    judge.relocations.map((r) => [r.relSection, r.Offset, r.Type.Value, r.Symbol.Name]),
  );
}

describe("the view equals llvm-readelf's", () => {
  testWith(CLANG, READELF).each(TARGETS)("clang, %s", (target) => {
    expectSameAsReadelf(compile(target));
  });
  testWith(READELF).each(CORPUS)("%s", (path) => {
    expectSameAsReadelf(corpusObject(path));
  });
});

test("every section's bytes are the file's", () => {
  const bytes = corpusObject("aya/fork.bpfel.release.o");
  for (const { offset, size, bytes: content, type } of parseElf(bytes).sections) {
    if (type === 8 || type === 0) expect(content).toHaveLength(0);
    else expect(Buffer.from(content).equals(bytes.subarray(offset, offset + size))).toBe(true);
  }
});

test("two sections may share a name", () => {
  const elf = parseElf(corpusObject("shapes/s34_mixed_section_flags.bpfel.o"));
  const maps = sectionsNamed(elf, ".maps");
  expect(maps).toHaveLength(2);
  expect(new Set(maps.map((section) => section.index)).size).toBe(2);
  expect(sectionNamed(elf, ".maps")).toBe(maps[0]);
  expect(sectionsNamed(elf, "no such section")).toEqual([]);
});

testWith(CLANG)("symbols are found by what they are and where they lie", () => {
  const elf = parseElf(compile("bpfel"));
  const code = sectionNamed(elf, "tracepoint/x")?.index ?? -1;
  const data = sectionNamed(elf, ".data")?.index ?? -1;
  expect(functionSymbolAt(elf, code, 0)?.name).toBe("prog");
  expect(functionSymbolAt(elf, code, 8)).toBeUndefined();
  const names = definedSymbols(elf, data).map((symbol) => symbol.name);
  expect(names.toSorted()).toEqual(["first", "hidden", "hidden2", "second"]);
  for (const symbol of definedSymbols(elf, data)) {
    expect(objectSymbolAt(elf, data, symbol.value)).toBe(symbol);
    expect(objectSymbolAt(elf, data, symbol.value, ["other", symbol.name])).toBe(symbol);
  }
});

test("relocations of a section are those that name it, and are remembered", () => {
  const elf = parseElf(corpusObject("aya/fork.bpfel.release.o"));
  const btf = sectionNamed(elf, ".BTF")?.index ?? -1;
  const found = relocationsOf(elf, btf);
  expect(found.length).toBeGreaterThan(0);
  expect(found.every((entry) => entry.target === btf && entry.addend === undefined)).toBe(true);
  expect(relocationsOf(elf, btf)).toBe(found);
});

test("names may share suffixes, but names that cost too much are refused", () => {
  expect(refusal(() => parseElf(suffixAttack())).code).toBe("LIMIT_EXCEEDED");
});

/** 50,000 symbols whose names are all the suffixes of one string: decoded, 1.2 GB. */
function suffixAttack(): Uint8Array {
  const count = 50_000;
  const strtab = count + 2;
  const symtab = count * 24;
  const shoff = 64 + symtab + strtab + ((8 - ((64 + symtab + strtab) % 8)) % 8);
  const bytes = new Uint8Array(shoff + 3 * 64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 1, true);
  view.setUint16(18, 247, true);
  view.setUint32(40, shoff, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 3, true);
  view.setUint16(62, 1, true);
  for (let i = 1; i < count; i++) view.setUint32(64 + i * 24, i, true);
  bytes.fill(0x61, 64 + symtab + 1, 64 + symtab + strtab - 1);
  const header = (index: number, type: number, offset: number, size: number): void => {
    const at = shoff + index * 64;
    view.setUint32(at + 4, type, true);
    view.setUint32(at + 24, offset, true);
    view.setUint32(at + 32, size, true);
    view.setUint32(at + 40, index === 2 ? 1 : 0, true);
    view.setUint32(at + 56, index === 2 ? 24 : 0, true);
  };
  header(1, 3, 64 + symtab, strtab);
  header(2, 2, 64, symtab);
  return bytes;
}
