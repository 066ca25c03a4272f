import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import type { Btf, BtfDatasec, BtfType } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { type ElfView, STB_LOCAL } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { relocateSection } from "../../src/elf/relocate.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { applyPlan } from "../../src/patch/apply.ts";
import { contentPlan } from "../../src/patch/plan.ts";
import { rebaseBtfRelocations } from "../../src/patch/rel-btf.ts";
import { verifyPatched } from "../../src/patch/verify.ts";
import { CLANG, compile, corpusObject, READELF, TARGETS, testWith } from "../elf/objects.ts";
import { type ReadelfObject, readelf } from "../elf/readelf.ts";

function btfIndex(elf: ElfView): number {
  return sectionNamed(elf, ".BTF")?.index ?? -1;
}

function btfOf(elf: ElfView): Btf {
  return parseBtf(elf.sections[btfIndex(elf)]?.bytes ?? new Uint8Array(0));
}

/** The object with this BTF instead of its own, and its relocations rebased. */
function rewrite(elf: ElfView, after: Btf): ElfView {
  const plan = contentPlan(
    new Map([[btfIndex(elf), encodeBtf(after)], ...rebaseBtfRelocations(elf, btfIndex(elf), btfOf(elf), after)]),
  );
  return verifyPatched(elf, applyPlan(elf, plan), plan);
}

interface Entry {
  readonly section: string;
  readonly name: string;
  readonly offset: number;
}

function entriesOf(btf: Btf): readonly Entry[] {
  return btf.types.flatMap((type) =>
    type.kind !== "datasec"
      ? []
      : type.entries.map(({ type: id, offset }) => {
          const variable = btf.types[id - btf.firstId];
          return { section: nameText(btf, type.nameOff), name: nameText(btf, variable?.nameOff ?? 0), offset };
        }),
  );
}

/** What a linker would read: DATASEC entries after S + A, each held against llvm-readelf's value of the symbol of that name. */
function expectLinkedOffsets(elf: ElfView, judge: ReadelfObject): void {
  const linked = parseBtf(relocateSection(elf, btfIndex(elf)));
  for (const { name, offset } of entriesOf(linked)) {
    const symbol = judge.symbols.find((candidate) => candidate.Name.Name === name);
    expect([name, offset]).toEqual([name, symbol?.Value]);
  }
}

/** Every DATASEC changed by `edit`. */
function withDatasecs(btf: Btf, edit: (type: BtfDatasec) => BtfDatasec): Btf {
  return { ...btf, types: btf.types.map((type): BtfType => (type.kind === "datasec" ? edit(type) : type)) };
}

/** The first struct gets one more member, so that all later records move by 12 bytes. */
function grown(btf: Btf): Btf {
  const at = btf.types.findIndex((type) => type.kind === "struct");
  const types = btf.types.map((type, i): BtfType => {
    const member = type.kind === "struct" ? type.members[0] : undefined;
    if (i !== at || type.kind !== "struct" || member === undefined) return type;
    return { ...type, members: [...type.members, member] };
  });
  expect(at).toBeGreaterThanOrEqual(0);
  return { ...btf, types };
}

/** Offsets as the symbols have them (V1). */
function filled(btf: Btf, judge: ReadelfObject): Btf {
  return withDatasecs(btf, (type) => ({
    ...type,
    entries: type.entries.map((entry) => {
      const variable = btf.types[entry.type - btf.firstId];
      const symbol = judge.symbols.find((candidate) => candidate.Name.Name === nameText(btf, variable?.nameOff ?? 0));
      return { ...entry, offset: symbol?.Value ?? 0 };
    }),
  }));
}

const reversed = (btf: Btf): Btf => withDatasecs(btf, (type) => ({ ...type, entries: type.entries.toReversed() }));

describe.each(TARGETS)("clang, %s: a linker still finds every variable", (target) => {
  const run = testWith(CLANG, READELF);

  run("before any change", () => {
    const object = compile(target);
    const elf = parseElf(object);
    expect(entriesOf(btfOf(elf)).length).toBeGreaterThan(8);
    expectLinkedOffsets(elf, readelf(object));
    expect(rebaseBtfRelocations(elf, btfIndex(elf), btfOf(elf), btfOf(elf)).size).toBe(0);
  });

  run("records before the DATASECs grew", () => {
    const object = compile(target);
    const elf = parseElf(object);
    const patched = rewrite(elf, grown(btfOf(elf)));
    expectLinkedOffsets(patched, readelf(patched.bytes));
    expect(relocationsOf(patched, btfIndex(elf)).map(({ offset }) => offset)).toEqual(
      relocationsOf(elf, btfIndex(elf)).map(({ offset }) => offset + 12),
    );
  });

  run("entries in another order", () => {
    const elf = parseElf(compile(target));
    const patched = rewrite(elf, reversed(grown(btfOf(elf))));
    expectLinkedOffsets(patched, readelf(patched.bytes));
    expect(relocationsOf(patched, btfIndex(elf))).toHaveLength(relocationsOf(elf, btfIndex(elf)).length);
  });

  run("offsets filled in, sorted, records grown", () => {
    const object = compile(target);
    const elf = parseElf(object);
    const after = filled(reversed(grown(btfOf(elf))), readelf(object));
    const patched = rewrite(elf, after);
    expectLinkedOffsets(patched, readelf(patched.bytes));
    // Both a global of its own symbol and a local lie at an offset above 0.
    const moved = entriesOf(after)
      .filter(({ offset }) => offset > 0)
      .map(({ name }) => name);
    expect(moved).toEqual(expect.arrayContaining(["second", "zero2", "m2"]));
    expect(rebaseBtfRelocations(patched, btfIndex(elf), after, after).size).toBe(0);
  });

  run("an entry gone", () => {
    const object = compile(target);
    const elf = parseElf(object);
    const before = btfOf(elf);
    const patched = rewrite(
      elf,
      withDatasecs(before, (type) => ({ ...type, entries: type.entries.slice(1) })),
    );
    expectLinkedOffsets(patched, readelf(patched.bytes));
    const sections = before.types.filter((type) => type.kind === "datasec").length;
    const count = (view: ElfView): number => relocationsOf(view, btfIndex(elf)).length;
    expect(count(patched)).toBe(count(elf) - sections);
  });
});

testWith(READELF)("without a section symbol the relocation of a filled global goes", () => {
  const object = corpusObject("shapes/s26_globals.bpfel.o");
  const elf = parseElf(object);
  const patched = rewrite(elf, filled(btfOf(elf), readelf(object)));
  expectLinkedOffsets(patched, readelf(patched.bytes));
  const globals = elf.symbols.filter((s) => s.value > 0 && s.type === 1 && s.binding !== STB_LOCAL);
  expect(globals.map((s) => s.name)).toEqual(expect.arrayContaining(["GREETED"]));
  const left = relocationsOf(patched, btfIndex(elf)).map(({ symbol }) => symbol);
  for (const { index } of globals) expect(left).not.toContain(index);
  expect(left.length).toBeLessThan(relocationsOf(elf, btfIndex(elf)).length);
});

test("an object without .rel.BTF has nothing to rebase", () => {
  const elf = parseElf(corpusObject("shapes/s26_globals.bpfel.o"));
  expect(rebaseBtfRelocations(elf, 1, btfOf(elf), grown(btfOf(elf))).size).toBe(0);
});
