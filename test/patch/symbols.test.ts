import { describe, expect, test } from "vitest";
import { type ElfView, STB_GLOBAL, STB_LOCAL, STV_DEFAULT } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { applyPlan } from "../../src/patch/apply.ts";
import { contentPlan, type PatchPlan } from "../../src/patch/plan.ts";
import { verifyPatched } from "../../src/patch/verify.ts";
import { CLANG, compile, corpusObject, READELF, TARGETS, testWith } from "../elf/objects.ts";
import { readelf } from "../elf/readelf.ts";

function symbolNamed(elf: ElfView, name: string): number {
  const symbol = elf.symbols.find((candidate) => candidate.name === name);
  if (symbol === undefined) throw new Error(`no symbol ${name}`);
  return symbol.index;
}

function planned(elf: ElfView, plan: Partial<PatchPlan>): Uint8Array {
  const whole = { ...contentPlan(new Map()), ...plan };
  const patched = applyPlan(elf, whole);
  verifyPatched(elf, patched, whole);
  return patched;
}

/** llvm-readelf's relocations as (section, offset, type, symbol name): what they mean, whatever the numbering. */
function meaning(bytes: Uint8Array): readonly unknown[] {
  return readelf(bytes).relocations.map((r) => [r.relSection, r.Offset, r.Type.Value, r.Symbol.Name]);
}

describe.each(TARGETS)("clang, %s", (target) => {
  testWith(CLANG, READELF)("a local symbol made global moves, and every relocation still names what it named", () => {
    const object = compile(target, ["-faddrsig"]);
    const elf = parseElf(object);
    const patched = planned(elf, {
      symbols: [{ symbol: symbolNamed(elf, "m2"), binding: STB_GLOBAL, visibility: STV_DEFAULT }],
    });
    const [before, after] = [readelf(object), readelf(patched)];
    expect(after.symbols.find((s) => s.Name.Name === "m2")?.Binding.Name).toBe("Global");
    expect(after.symbols.map((s) => s.Name.Name).toSorted()).toEqual(before.symbols.map((s) => s.Name.Name).toSorted());
    const locals = after.symbols.filter((s) => s.Binding.Name === "Local").length;
    expect(after.symbols.slice(0, locals).every((s) => s.Binding.Name === "Local")).toBe(true);
    expect(after.sections.find((s) => s.Name.Name === ".symtab")?.Info).toBe(locals);
    expect(meaning(patched)).toEqual(meaning(object));
    expect(addrsigNames(patched)).toEqual(addrsigNames(object));
  });

  testWith(CLANG, READELF)("a global symbol made local moves to the front", () => {
    const object = compile(target);
    const elf = parseElf(object);
    const patched = planned(elf, { symbols: [{ symbol: symbolNamed(elf, "prog"), binding: STB_LOCAL }] });
    const names = readelf(patched).symbols.filter((s) => s.Binding.Name === "Local");
    expect(names.map((s) => s.Name.Name)).toContain("prog");
    expect(meaning(patched)).toEqual(meaning(object));
  });

  testWith(CLANG, READELF)("a relocation re-pointed from a section symbol names the map", () => {
    const object = compile(target);
    const elf = parseElf(object);
    const { relocations } = readelf(object);
    const relSection =
      relocations.find((r) => elf.sections[r.relSection]?.name === ".reltracepoint/x")?.relSection ?? -1;
    const entry = relocations.filter((r) => r.relSection === relSection).findIndex((r) => r.Symbol.Name === ".maps");
    const m2 = symbolNamed(elf, "m2");
    const patched = planned(elf, {
      symbols: [{ symbol: m2, binding: STB_GLOBAL }],
      relocations: [{ relSection, entry, symbol: m2 }],
    });
    const names = readelf(patched).relocations.filter((r) => r.relSection === relSection);
    expect(names[entry]?.Symbol.Name).toBe("m2");
    const others = (bytes: Uint8Array): unknown[] =>
      meaning(bytes).filter(
        (item) => JSON.stringify(item) !== JSON.stringify([relSection, names[entry]?.Offset, 1, "m2"]),
      );
    expect(others(patched)).toHaveLength(meaning(object).length - 1);
  });

  testWith(CLANG, READELF)("fields of a symbol and a new name, without moving any", () => {
    const object = compile(target);
    const elf = parseElf(object);
    const symbol = symbolNamed(elf, "first");
    const patched = planned(elf, { symbols: [{ symbol, name: "erste_Größe", value: 4, size: 8 }] });
    const { symbols, sections } = readelf(patched);
    expect([symbols[symbol]?.Value, symbols[symbol]?.Size, symbols[symbol]?.Name.Name]).toEqual([4, 8, "erste_Größe"]);
    expect(sections.map((s) => s.Name.Name)).toEqual(readelf(object).sections.map((s) => s.Name.Name));
    expect(symbols.filter((_, i) => i !== symbol)).toEqual(readelf(object).symbols.filter((_, i) => i !== symbol));
  });
});

/** Names of the symbols in `.llvm_addrsig`, by a reader of its own: no number there needs a second byte. */
function addrsigNames(bytes: Uint8Array): string[] {
  const elf = parseElf(bytes);
  const section = elf.sections.find((candidate) => candidate.name === ".llvm_addrsig");
  expect(section?.bytes.length).toBeGreaterThan(0);
  return [...(section?.bytes ?? [])].map((index) => {
    expect(index).toBeLessThan(0x80);
    return readelf(bytes).symbols[index]?.Name.Name ?? "";
  });
}

test("the last local symbol made global changes only sh_info and its binding", () => {
  const object = corpusObject("shapes/s26_globals.bpfel.o");
  const elf = parseElf(object);
  const symtab = elf.sections[elf.symtab ?? -1];
  const symbol = (symtab?.info ?? 0) - 1;
  const patched = planned(elf, { symbols: [{ symbol, binding: STB_GLOBAL }] });
  const differing = [...patched.keys()].filter((i) => patched[i] !== object[i]);
  const infoAt = elf.sectionHeaders + (symtab?.index ?? 0) * 64 + 44;
  expect(differing).toEqual([(symtab?.offset ?? 0) + symbol * 24 + 4, infoAt]);
});
