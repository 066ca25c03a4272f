import fc from "fast-check";
import { expect, test } from "vitest";
import { parseElf } from "../../src/elf/parse.ts";
import { relocateSection } from "../../src/elf/relocate.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { definedSymbols, functionSymbolAt, objectSymbolAt, sectionNamed } from "../../src/elf/symbols.ts";
import { BtfFixError } from "../../src/errors.ts";
import { mutate, mutation } from "./mutation.ts";
import { corpusObject } from "./objects.ts";

/** All that elf/ can be asked about an object. */
function readEverything(bytes: Uint8Array): void {
  const elf = parseElf(bytes);
  for (const section of elf.sections) {
    expect(section.bytes.length).toBeLessThanOrEqual(bytes.length);
    definedSymbols(elf, section.index);
    functionSymbolAt(elf, section.index, 0);
    objectSymbolAt(elf, section.index, 0, ["x"]);
    sectionNamed(elf, section.name);
    try {
      relocationsOf(elf, section.index);
      expect(relocateSection(elf, section.index).length).toBe(section.bytes.length);
    } catch (error) {
      if (!(error instanceof BtfFixError)) throw error;
    }
  }
}

test.each(["shapes/s26_globals.bpfel.o", "shapes/s26_globals.bpfeb.o", "aya/fork.bpfel.release.o"])(
  "a mutated %s is read or refused",
  (path) => {
    const original = corpusObject(path);
    let read = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
        const bytes = mutate(original, mutations);
        const start = performance.now();
        try {
          readEverything(bytes);
          read++;
        } catch (error) {
          if (!(error instanceof BtfFixError)) throw error;
          refused++;
          expect(error.message).not.toBe("");
          expect(error.span).toBeDefined();
        }
        // The bound is 1 s; a loop or a blow-up is far beyond it.
        expect(performance.now() - start).toBeLessThan(1000);
      }),
      { numRuns: 1500 },
    );
    // Both outcomes are really exercised.
    expect(Math.min(read, refused)).toBeGreaterThan(50);
  },
);
