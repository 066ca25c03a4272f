import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ElfView, SHF_EXECINSTR, SHT_PROGBITS } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { applyPlan } from "../../src/patch/apply.ts";
import { contentPlan } from "../../src/patch/plan.ts";
import { verifyPatched } from "../../src/patch/verify.ts";
import { CORPUS, corpusObject, READELF, testWith } from "../elf/objects.ts";
import { readelf } from "../elf/readelf.ts";

function sectionOf(elf: ElfView, name: string): { index: number; offset: number; size: number; bytes: Uint8Array } {
  const section = sectionNamed(elf, name);
  if (section === undefined) throw new Error(`no section ${name}`);
  return section;
}

const original = corpusObject("shapes/s26_globals.bpfel.o");
const elf = parseElf(original);
/** Sections whose content no other section describes, by index. */
const free = elf.sections.filter((s) => s.type === SHT_PROGBITS && (s.flags & SHF_EXECINSTR) === 0).map((s) => s.index);

/** New contents for some sections: shorter, equal or longer than what is there. */
const contents: fc.Arbitrary<Map<number, Uint8Array>> = fc
  .uniqueArray(
    fc.record({
      index: fc.constantFrom(...free),
      length: fc.oneof(
        fc.constant(0),
        fc.nat(40),
        fc.integer({ min: -8, max: 8 }).map((n) => -1000 - n),
        fc.nat(5000),
      ),
      seed: fc.nat(255),
    }),
    { selector: (item) => item.index, maxLength: 6 },
  )
  .map((items) => {
    const size = (index: number): number => elf.sections[index]?.size ?? 0;
    // Lengths below -900 stand for "the section's size, give or take a few".
    const chosen = (index: number, length: number): number =>
      length < 0 ? Math.max(0, size(index) + length + 1000) : length;
    return new Map(
      items.map(({ index, length, seed }) => [index, new Uint8Array(chosen(index, length)).fill(seed | 1)] as const),
    );
  });

test("what is not planned stays byte for byte, and a second apply changes nothing", () => {
  fc.assert(
    fc.property(contents, (planned) => {
      const plan = contentPlan(planned);
      const patched = applyPlan(elf, plan);
      const view = verifyPatched(elf, patched, plan);

      // Without our reader: blank out what may differ in both files, then compare the whole of the old length.
      const before = Buffer.from(original);
      const after = Buffer.from(patched.subarray(0, original.length));
      for (const index of planned.keys()) {
        const { offset, size } = elf.sections[index] ?? { offset: 0, size: 0 };
        const header = elf.sectionHeaders + index * 64 + 24;
        for (const file of [before, after]) file.fill(0, offset, offset + size).fill(0, header, header + 16);
      }
      expect(Buffer.compare(before, after)).toBe(0);

      for (const [index, content] of planned) {
        const section = view.sections[index];
        const old = elf.sections[index];
        if (section === undefined || old === undefined) throw new Error("section lost");
        expect(Buffer.compare(section.bytes, content)).toBe(0);
        if (content.length <= old.size) {
          expect(section.offset).toBe(old.offset);
          const rest = patched.subarray(old.offset + content.length, old.offset + old.size);
          expect(rest.every((byte) => byte === 0)).toBe(true);
        } else {
          expect(section.offset).toBeGreaterThanOrEqual(original.length);
          expect(section.offset % Math.max(1, old.addralign)).toBe(0);
          expect(patched.subarray(old.offset, old.offset + old.size).every((byte) => byte === 0)).toBe(true);
        }
      }
      expect(Buffer.compare(applyPlan(view, plan), patched)).toBe(0);
    }),
    { numRuns: 400 },
  );
});

testWith(READELF)("llvm-readelf reads every patched file without a warning, with all but places unchanged", () => {
  const before = readelf(original);
  fc.assert(
    fc.property(contents, (planned) => {
      const after = readelf(applyPlan(elf, contentPlan(planned)));
      expect(after.symbols).toEqual(before.symbols);
      expect(after.relocations).toEqual(before.relocations);
      after.sections.forEach((section, index) => {
        const { Offset, Size, ...fields } = section;
        const { Offset: oldOffset, Size: oldSize, ...oldFields } = before.sections[index] ?? section;
        expect(fields).toEqual(oldFields);
        if (!planned.has(index)) expect([Offset, Size]).toEqual([oldOffset, oldSize]);
        else expect(Size).toBe(planned.get(index)?.length);
      });
    }),
    { numRuns: 40 },
  );
});

describe("where content goes", () => {
  test.each(CORPUS)("%s: its own .BTF gives the same file", (path) => {
    const object = corpusObject(path);
    const view = parseElf(object);
    const btf = sectionOf(view, ".BTF");
    expect(Buffer.compare(applyPlan(view, contentPlan(new Map([[btf.index, btf.bytes]]))), object)).toBe(0);
  });

  test("an empty plan gives a copy", () => {
    const copy = applyPlan(elf, contentPlan(new Map()));
    expect(Buffer.compare(copy, original)).toBe(0);
    expect(copy.buffer).not.toBe(elf.bytes.buffer);
  });

  test("a moved section that ends the file grows where it is", () => {
    const { index } = sectionOf(elf, ".BTF");
    const once = parseElf(applyPlan(elf, contentPlan(new Map([[index, new Uint8Array(9000).fill(1)]]))));
    const twice = parseElf(applyPlan(once, contentPlan(new Map([[index, new Uint8Array(9100).fill(2)]]))));
    expect(twice.sections[index]?.offset).toBe(once.sections[index]?.offset);
    expect(twice.bytes.length).toBe(once.bytes.length + 100);
    const third = parseElf(applyPlan(twice, contentPlan(new Map([[index, new Uint8Array(9050).fill(3)]]))));
    expect(third.sections[index]?.offset).toBe(once.sections[index]?.offset);
  });

  test("the input is not written to", () => {
    const copy = new Uint8Array(original);
    const { index } = sectionOf(elf, ".BTF");
    applyPlan(elf, contentPlan(new Map([[index, new Uint8Array(5)]])));
    expect(Buffer.compare(original, copy)).toBe(0);
  });
});
