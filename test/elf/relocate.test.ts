import { describe, expect, test } from "vitest";
import { type ElfView, SHF_ALLOC, SHT_REL, UNDEFINED_BASE } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { applyRelocations, relocateSection } from "../../src/elf/relocate.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { applyPlan } from "../../src/patch/apply.ts";
import { contentPlan } from "../../src/patch/plan.ts";
import { CLANG, CORPUS, compile, corpusObject, DWARFDUMP, READELF, read, TARGETS, testWith } from "./objects.ts";
import { readelf } from "./readelf.ts";

function indexOf(elf: ElfView, name: string): number {
  return sectionNamed(elf, name)?.index ?? -1;
}

/** The object with our relocated bytes in its debug sections, and nothing left to relocate there. */
function relocatedByUs(bytes: Uint8Array): Uint8Array {
  const elf = parseElf(bytes);
  const contents = new Map<number, Uint8Array>();
  for (const { index, type, info } of elf.sections) {
    if (type !== SHT_REL || elf.sections[info]?.name.startsWith(".debug_") !== true) continue;
    contents.set(index, new Uint8Array(0));
    contents.set(info, relocateSection(elf, info));
  }
  expect(contents.size).toBeGreaterThan(0);
  return applyPlan(elf, contentPlan(contents));
}

/**
 * What llvm-dwarfdump reads in all debug sections. It puts every section at address 0 and names the section instead: so numbers are cut
 * to their low half, and section titles dropped. It never relocates the bytes of an expression; the test after this one reads those.
 */
function dwarf(bytes: Uint8Array): string {
  const low = (_: string, prefix: string, digits: string): string =>
    `${prefix}${(BigInt(`0x${digits}`) & 0xffff_ffffn).toString(16)}`;
  const titles = parseElf(bytes).sections.flatMap(({ name, index }) => [` "${name}" [${index}]`, ` "${name}"`]);
  let text = read(DWARFDUMP, ["--all", "--verbose"], bytes).replaceAll(
    /(0x|pc=|\.\.\.|\b(?=[0-9a-f]{16}\b))([0-9a-f]+)\b/g,
    low,
  );
  text = text.replaceAll(/DW_OP_addr 0x[0-9a-f]+/g, "DW_OP_addr");
  for (const title of titles) text = text.replaceAll(title, "");
  return text;
}

describe("llvm-dwarfdump reads the same whether it relocates or we did", () => {
  testWith(CLANG, DWARFDUMP).each(TARGETS.flatMap((target) => [4, 5].map((version) => [target, version] as const)))(
    "clang, %s, DWARF %i",
    (target, version) => {
      const object = compile(target, [`-gdwarf-${version}`]);
      const ours = dwarf(relocatedByUs(object));
      expect(ours.length).toBeGreaterThan(5000);
      expect(ours).toBe(dwarf(object));
    },
  );
  testWith(DWARFDUMP).each(CORPUS)("%s", (path) => {
    const object = corpusObject(path);
    expect(dwarf(relocatedByUs(object))).toBe(dwarf(object));
  });
});

/** Every relocated field worked out once more from llvm-readelf's lists, in 64-bit arithmetic. */
function expectFieldsFromReadelf(bytes: Uint8Array): void {
  const elf = parseElf(bytes);
  const judge = readelf(bytes);
  const positions = new Map<number, number>();
  for (const { relSection, Offset, Type } of judge.relocations) {
    const target = judge.sections[relSection]?.Info ?? -1;
    const section = elf.sections[target];
    if (section === undefined) throw new Error("no target");
    const position = positions.get(relSection) ?? 0;
    positions.set(relSection, position + 1);
    const symbolIndex = relocationsOf(elf, target)[position]?.symbol ?? -1;
    const symbol = judge.symbols[symbolIndex];
    if (symbol === undefined) throw new Error("no symbol");
    const home = symbol.Section.Value;
    const loaded = ((judge.sections[home]?.Flags.Value ?? 0) & SHF_ALLOC) !== 0;
    const base = home === 0 ? UNDEFINED_BASE + symbolIndex : loaded ? home : 0;
    const sum = (BigInt(base) << 32n) + BigInt(symbol.Value);
    const before = new DataView(section.bytes.buffer, section.bytes.byteOffset);
    const result = relocateSection(elf, target);
    const after = new DataView(result.buffer, result.byteOffset);
    const little = elf.littleEndian;
    if (Type.Value === 2) {
      const wanted = BigInt.asUintN(64, before.getBigUint64(Offset, little) + sum);
      expect(after.getBigUint64(Offset, little)).toBe(wanted);
    } else if (Type.Value === 3 || Type.Value === 4) {
      const wanted = Number(BigInt.asUintN(32, BigInt(before.getUint32(Offset, little)) + sum));
      expect(after.getUint32(Offset, little)).toBe(wanted);
    } else {
      expect(after.getBigUint64(Offset, little)).toBe(before.getBigUint64(Offset, little));
    }
  }
}

describe("each field is symbol plus addend plus the base of the symbol's section", () => {
  testWith(CLANG, READELF).each(TARGETS)("clang, %s", (target) => {
    expectFieldsFromReadelf(compile(target));
  });
  testWith(READELF).each(["shapes/s26_globals.bpfel.o", "shapes/s26_globals.bpfeb.o"])("%s", (path) => {
    expectFieldsFromReadelf(corpusObject(path));
  });
});

describe("what relocating leaves alone", () => {
  test("the input, even a Node Buffer from the shared pool", () => {
    const object = corpusObject("shapes/s26_globals.bpfel.o");
    const pooled = Buffer.concat([Buffer.from("pool"), object]).subarray(4);
    const copy = Uint8Array.from(pooled);
    const elf = parseElf(pooled);
    for (const section of elf.sections.slice(1)) relocateSection(elf, section.index);
    expect(Buffer.compare(copy, pooled)).toBe(0);
  });

  test("bytes without a relocation, and sections without any", () => {
    const elf = parseElf(corpusObject("shapes/s26_globals.bpfel.o"));
    const info = indexOf(elf, ".debug_info");
    const before = elf.sections[info]?.bytes ?? new Uint8Array(0);
    const touched = new Set(
      relocationsOf(elf, info).flatMap(({ offset, type }) =>
        Array.from({ length: type === 2 ? 8 : 4 }, (_, i) => offset + i),
      ),
    );
    relocateSection(elf, info).forEach((byte, i) => {
      if (!touched.has(i)) expect(byte).toBe(before[i]);
    });
    const license = indexOf(elf, "license");
    expect(relocateSection(elf, license)).toBe(elf.sections[license]?.bytes);
  });

  test("instructions", () => {
    const elf = parseElf(corpusObject("aya/fork.bpfel.release.o"));
    for (const { flags, index, bytes } of elf.sections) {
      if ((flags & 4) !== 0) expect(Buffer.compare(relocateSection(elf, index), bytes)).toBe(0);
    }
  });

  test("content given instead of the section's, such as decompressed bytes, is relocated in its stead", () => {
    const elf = parseElf(corpusObject("shapes/s26_globals.bpfel.o"));
    const info = indexOf(elf, ".debug_info");
    const longer = new Uint8Array((elf.sections[info]?.size ?? 0) + 8);
    longer.set(elf.sections[info]?.bytes ?? []);
    const result = applyRelocations(elf, info, longer);
    expect(Buffer.compare(result.subarray(0, -8), relocateSection(elf, info))).toBe(0);
  });
});
