import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BtfFixError, type FixResult, fixObject } from "../../src/index.ts";
import { allObjects } from "../../tools/scoreboard/objects.ts";
import { callReferences, codeReferences, dataReferences, type ObjectFile, readObjectFile } from "./object-file.ts";

/** What a relocation refers to is the same before and after, and no instruction changes: by a reader of its own, for every object. */

function codeSections(file: ObjectFile): readonly (readonly [name: string, bytes: Buffer])[] {
  return file.sections.flatMap(({ name, isCode, bytes }) => (isCode ? [[name, bytes] as const] : []));
}

/** Maps are maps in whichever section; what has no symbol is known by its section alone. */
function kindOf(section: string): string {
  return section === "maps" || section.startsWith("maps/") ? ".maps" : section;
}

function targets(file: ObjectFile): readonly string[] {
  const loads = codeReferences(file).map(({ code, offset, section, symbol }) => [
    code,
    offset,
    kindOf(section),
    symbol,
  ]);
  const calls = callReferences(file).map(({ code, offset, section, symbol }) => [code, offset, section, symbol]);
  return [...loads, ...calls].map((line) => line.join(" ")).sort();
}

/** Pointers from debug info to maps, and of maps to other maps and programs: place of the pointer, and where in what it points. */
function pointers(file: ObjectFile): readonly string[] {
  const isAboutMaps = ({ from, section }: { from: string; section: string }): boolean =>
    (from.startsWith(".debug_") && kindOf(section) === ".maps") || (from === ".maps" && !section.startsWith(".rodata"));
  return dataReferences(file)
    .filter(isAboutMaps)
    .map(({ from, offset, section, symbol, distance }) => [from, offset, kindOf(section), symbol, distance].join(" "))
    .sort();
}

/** Null for what is refused: then nothing is written. */
async function fixed(raw: Uint8Array): Promise<FixResult | null> {
  try {
    return await fixObject(raw);
  } catch (error) {
    if (error instanceof BtfFixError && error.code === "REFUSED") return null;
    throw error;
  }
}

let held = 0;

describe("corpus", () => {
  for (const { name, path } of allObjects()) {
    test(name, async () => {
      const raw = new Uint8Array(readFileSync(path));
      const result = await fixed(raw);
      if (result === null) {
        expect(name).toContain("s33_");
        return;
      }
      const [before, after] = [readObjectFile(raw), readObjectFile(result.bytes)];
      expect(targets(after)).toEqual(targets(before));
      expect(pointers(after)).toEqual(pointers(before));
      expect(codeSections(after)).toEqual(codeSections(before));
      expect((await fixed(result.bytes))?.bytes).toEqual(result.bytes);
      held += targets(before).length;
    });
  }
});

test("there were references to hold on to", () => {
  expect(held).toBeGreaterThan(500);
});
