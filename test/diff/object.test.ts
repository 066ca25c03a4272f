import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Difference } from "../../src/diff/model.ts";
import { diffObjects } from "../../src/diff/object.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { fixObject } from "../../src/fix.ts";
import { corpusObjects } from "../../tools/scoreboard/objects.ts";
import { READELF, testWith } from "../elf/objects.ts";
import { type ReadelfObject, readelf } from "../elf/readelf.ts";
import { refusal } from "../elf/refusal.ts";
import { bpftool, bpftoolDump } from "../judges/bpftool.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { answer } from "../judges/run.ts";

/** What each object of the Rust corpus becomes; those that are refused have no result to compare with. */
const PAIRS = await Promise.all(
  corpusObjects()
    .filter(({ name }) => !name.startsWith("c/"))
    .map(async ({ name, path }) => {
      const bytes = readFileSync(path);
      const result = await fixObject(bytes).catch(() => undefined);
      return result === undefined ? [] : [{ name, before: bytes, after: result.bytes }];
    }),
).then((pairs) => pairs.flat());

/** bpftool's text of each type, by id. */
function dumped(bytes: Uint8Array): Map<string, string> {
  const { stdout } = answer(bpftoolDump(bytes, "raw"));
  const types = stdout
    .toString()
    .split(/^(?=\[)/m)
    .map((text) => text.trimEnd());
  return new Map(types.map((text) => [/^\[(\d+)\]/.exec(text)?.[1] ?? "", text]));
}

function only(differences: readonly Difference[], what: string): Difference[] {
  return differences.filter((difference) => difference.what.startsWith(what));
}

/** What a symbol is, as llvm-readelf says it; symbols of one name by turn. */
function symbolTexts({ symbols }: ReadelfObject): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { Name, Binding, Type, Other, Section, Value, Size } of symbols) {
    let key = Name.Name;
    while (texts.has(key)) key += "'";
    texts.set(key, JSON.stringify([Binding.Value, Type.Value, Other.Value, Section.Value, Value, Size]));
  }
  return texts;
}

function changed<K, V>(before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): K[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
}

test("the corpus gives objects to compare", () => {
  expect(PAIRS.length).toBeGreaterThan(50);
});

describe.each(PAIRS)("$name and what it becomes", ({ before, after }) => {
  const differences = diffObjects(before, after);

  judgeTest(bpftool())("types: both sides are bpftool's text, and no other type differs", () => {
    const old = dumped(before);
    const now = dumped(after);
    const told = only(differences, "type ").map((edit) => [edit.what.slice(5), edit.before, edit.after]);
    expect(told).toEqual(changed(old, now).map((id) => [id, old.get(id) ?? null, now.get(id) ?? null]));
  });

  testWith(READELF)("symbols and section headers: llvm-readelf sees the same ones differ", () => {
    const [old, now] = [readelf(before), readelf(after)];
    expect(only(differences, "symbol ").length).toBe(changed(symbolTexts(old), symbolTexts(now)).length);
    const headers = ({ sections }: ReadelfObject): Map<number, string> =>
      new Map(
        sections.map(({ Index, Name, Type, Flags, Link, Info, AddressAlignment, EntrySize }) => [
          Index,
          JSON.stringify([Name.Name, Type.Value, Flags.Value, Link, Info, AddressAlignment, EntrySize]),
        ]),
      );
    expect(only(differences, "header ").length).toBe(changed(headers(old), headers(now)).length);
  });

  test("contents: what differs in a section that is told by bytes lies in the range", () => {
    const [old, now] = [parseElf(before), parseElf(after)];
    for (const { what, range, after: text } of only(differences, "content ")) {
      const section = now.sections.find(({ name }) => name === range.section);
      const shown = section?.bytes.subarray(range.offset, range.offset + Math.min(range.length, 32)) ?? [];
      expect(text, what).toContain([...shown].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    }
    const told = new Set(only(differences, "content ").map(({ range }) => range.section));
    for (const section of now.sections) {
      if (/^\.(BTF|BTF\.ext|symtab|strtab|shstrtab)$|^\.rel/.test(section.name)) continue;
      const was = old.sections[section.index]?.bytes ?? new Uint8Array(0);
      expect(told.has(section.name), section.name).toBe(Buffer.compare(was, section.bytes) !== 0);
    }
  });

  test("an object does not differ from itself", () => {
    expect(diffObjects(after, after)).toEqual([]);
  });
});

test("an object and raw BTF cannot be compared", () => {
  const [pair] = PAIRS;
  const object = pair?.before ?? new Uint8Array(0);
  const btf = parseElf(object).sections.find(({ name }) => name === ".BTF")?.bytes ?? new Uint8Array(0);
  expect(diffObjects(btf, btf)).toEqual([]);
  expect(refusal(() => diffObjects(object, btf)).code).toBe("USAGE");
});
