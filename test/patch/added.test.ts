import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AddedSection } from "../../src/elf/edit.ts";
import { SHF_INFO_LINK, SHN_LORESERVE, SHT_PROGBITS, SHT_REL } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { nameTable } from "../../src/patch/added.ts";
import { applyPlan } from "../../src/patch/apply.ts";
import { contentPlan, type PatchPlan } from "../../src/patch/plan.ts";
import { verifyPatched } from "../../src/patch/verify.ts";
import { mutate, mutation } from "../elf/mutation.ts";
import { CLANG, compile, corpusObject, READELF, TARGETS, testWith } from "../elf/objects.ts";
import { readelf } from "../elf/readelf.ts";
import { refusal } from "../elf/refusal.ts";
import { buildObject } from "../object.ts";

function data(name: string, content: Uint8Array, more: Partial<AddedSection> = {}): AddedSection {
  return { name, type: SHT_PROGBITS, flags: 0, addralign: 4, entsize: 0, link: 0, info: 0, content, ...more };
}

function adding(added: readonly AddedSection[], more: Partial<PatchPlan> = {}): PatchPlan {
  return { ...contentPlan(new Map()), added, ...more };
}

const OBJECTS = TARGETS.map((target) => `shapes/s26_globals.${target}.o`);

describe.each(OBJECTS)("%s, a section renamed", (path) => {
  const original = corpusObject(path);
  const elf = parseElf(original);
  const target = sectionNamed(elf, ".data")?.index ?? 0;

  testWith(READELF).each([
    { how: "alone", added: [] },
    { how: "with a new one", added: [data("more", new Uint8Array(3))] },
  ])("llvm-readelf sees the new name and nothing else changed, $how", ({ added }) => {
    const plan = adding(added, { headers: [{ section: target, name: ".debug_old" }] });
    const patched = applyPlan(elf, plan);
    verifyPatched(elf, patched, plan);
    const names = nameTable(elf);
    const before = readelf(original).sections;
    const after = readelf(patched).sections;
    expect(after[target]?.Name.Name).toBe(".debug_old");
    const others = ({ Index }: { readonly Index: number }): boolean => Index !== names && Index !== target;
    expect(after.slice(0, before.length).filter(others)).toEqual(before.filter(others));
    const changed = patched.slice();
    changed[(parseElf(patched).sections[names]?.offset ?? 0) + 1] = 0x7e;
    expect(refusal(() => verifyPatched(elf, changed, plan)).code).toBe("VERIFY_FAILED");
  });
});

describe.each(OBJECTS)("%s", (path) => {
  const original = corpusObject(path);
  const elf = parseElf(original);
  const count = elf.sections.length;
  const relocations = new Uint8Array(32);
  const plan = adding([
    data("more", new Uint8Array(5).fill(7)),
    data(".relmore", relocations, {
      type: SHT_REL,
      flags: SHF_INFO_LINK,
      addralign: 8,
      entsize: 16,
      link: elf.symtab ?? 0,
      info: count,
    }),
  ]);
  const patched = applyPlan(elf, plan);

  testWith(READELF)("llvm-readelf sees the old object and the new sections, without a warning", () => {
    const before = readelf(original);
    const after = readelf(patched);
    const names = before.sections.find(({ Name }) => Name.Name === ".strtab")?.Index;
    // The place of every string stays, and so does that of every section but the one that grew.
    expect(after.sections.slice(0, count).filter(({ Index }) => Index !== names)).toEqual(
      before.sections.filter(({ Index }) => Index !== names),
    );
    expect(after.symbols).toEqual(before.symbols);
    expect(after.relocations.slice(0, before.relocations.length)).toEqual(before.relocations);
    expect(after.sections.slice(count)).toMatchObject([
      { Index: count, Name: { Name: "more" }, Size: 5, AddressAlignment: 4, EntrySize: 0 },
      {
        Index: count + 1,
        Name: { Name: ".relmore" },
        Size: 32,
        Link: elf.symtab,
        Info: count,
        Flags: { Value: SHF_INFO_LINK },
        AddressAlignment: 8,
        EntrySize: 16,
      },
    ]);
    for (const { Offset, AddressAlignment } of after.sections.slice(count)) expect(Offset % AddressAlignment).toBe(0);
  });

  test("without our reader: nothing but the names, the header table and its place changes", () => {
    const before = Buffer.from(original);
    const after = Buffer.from(patched);
    const names = elf.sections[path.includes("bpfel") ? before.readUInt16LE(62) : before.readUInt16BE(62)];
    for (const file of [before, after]) {
      file.fill(0, 40, 48).fill(0, 60, 62);
      file.fill(0, elf.sectionHeaders, original.length);
      file.fill(0, names?.offset, (names?.offset ?? 0) + (names?.size ?? 0));
    }
    expect(after.subarray(0, original.length).equals(before)).toBe(true);
    expect(patched.length % 8).toBe(0);
  });

  test("any byte changed is found", () => {
    verifyPatched(elf, patched, plan);
    fc.assert(
      fc.property(fc.nat(patched.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bad = new Uint8Array(patched);
        bad[at] = (bad[at] ?? 0) ^ mask;
        expect(refusal(() => verifyPatched(elf, bad, plan)).code).toBe("VERIFY_FAILED");
      }),
      { numRuns: 400, examples: Array.from({ length: 400 }, (_, i) => [patched.length - 1 - i, 1]) },
    );
  });

  test("new sections stand beside every other kind of edit", () => {
    const btf = sectionNamed(elf, ".BTF")?.index ?? 0;
    const renamed = elf.symbols.find(({ name, binding }) => name !== "" && binding === 1)?.index ?? 0;
    const all = adding([data("more", new Uint8Array(9))], {
      sections: new Map([[btf, new Uint8Array(9000)]]),
      symbols: [{ symbol: renamed, name: "other", binding: 0 }],
      headers: [{ section: btf, addralign: 8 }],
    });
    const view = verifyPatched(elf, applyPlan(elf, all), all);
    expect(view.symbols.map(({ name }) => name)).toContain("other");
    expect(view.sections[btf]).toMatchObject({ size: 9000, addralign: 8 });
    expect(applyPlan(elf, all)).toEqual(applyPlan(elf, all));
  });
});

testWith(CLANG, READELF).each(TARGETS)("objects of clang grow too: %s", (target) => {
  const original = compile(target);
  const elf = parseElf(original);
  const plan = adding([data("more", new Uint8Array(1))]);
  const patched = applyPlan(elf, plan);
  verifyPatched(elf, patched, plan);
  expect(readelf(patched).sections.at(-1)).toMatchObject({ Name: { Name: "more" }, Size: 1 });
  // The old header table's place at the end of the file is used again.
  expect(patched.length - original.length).toBeLessThan(64 + 1024);
});

test("a header table that other bytes follow leaves zeros", () => {
  const built = buildObject({ sections: [{ name: ".data", bytes: new Uint8Array(4) }] });
  const original = new Uint8Array([...built, 1, 2, 3]);
  const elf = parseElf(original);
  const plan = adding([data("more", new Uint8Array(1))]);
  const patched = applyPlan(elf, plan);
  const tableEnd = elf.sectionHeaders + elf.sections.length * 64;
  expect(patched.subarray(elf.sectionHeaders, tableEnd).every((byte) => byte === 0)).toBe(true);
  expect([...patched.subarray(tableEnd, original.length)]).toEqual([1, 2, 3]);
  verifyPatched(elf, patched, plan);
});

test("more sections than 16 bits count are refused", () => {
  const elf = parseElf(buildObject({}));
  const many = adding(Array.from({ length: SHN_LORESERVE }, () => data("x", new Uint8Array(0))));
  expect(refusal(() => applyPlan(elf, many))).toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: `${SHN_LORESERVE + elf.sections.length} sections need extended numbering, which is not supported`,
  });
});

test.each(OBJECTS)("a mutated %s gets its sections or is refused", (path) => {
  const original = corpusObject(path);
  let patched = 0;
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.nat(4000), (mutations, length) => {
      try {
        const elf = parseElf(mutate(original, mutations));
        const plan = adding([data(".BTF", new Uint8Array(length)), data(".BTF.ext", new Uint8Array(length))]);
        verifyPatched(elf, applyPlan(elf, plan), plan);
        patched++;
      } catch (error) {
        expect(error).toMatchObject({ name: "BtfFixError", code: expect.not.stringMatching("VERIFY_FAILED") });
      }
    }),
    { numRuns: 600 },
  );
  expect(patched).toBeGreaterThan(30);
});
