import fc from "fast-check";
import { expect } from "vitest";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { readMaps } from "../../src/maps.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";
import { seed } from "../seed.ts";
import { type ModelMap, modelMaps, sizeOf, syntheticObject } from "./synthetic.ts";

const OBJECTS = 5000;
/** Blobs that one run of the kernel's judge takes. */
const BATCH = 500;

function expected({ name, type, entries, flags, key, value, legacy }: ModelMap): unknown {
  return {
    name,
    type,
    maxEntries: entries,
    mapFlags: flags ?? (legacy ? 0 : null),
    keySize: sizeOf(key),
    valueSize: sizeOf(value),
  };
}

async function fixedOf(maps: readonly ModelMap[]): Promise<Uint8Array> {
  const raw = syntheticObject(maps);
  const { bytes } = await fixObject(raw);
  const read = await readMaps(bytes, { from: "btf" });
  const shown = read.map(({ name, type, maxEntries, mapFlags, keySize, valueSize }) => ({
    name,
    type,
    maxEntries,
    // No flags and flags of 0 are the same map.
    mapFlags: mapFlags ?? 0,
    keySize,
    valueSize,
  }));
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
  const wanted = maps.map((map) => ({ ...(expected(map) as (typeof shown)[number]), mapFlags: map.flags ?? 0 }));
  expect([...shown].sort(byName)).toEqual([...wanted].sort(byName));
  for (const map of read) expect(map.key, map.name).not.toBeNull();
  expect((await fixObject(bytes)).bytes).toEqual(bytes);
  const [before, after] = [parseElf(raw), parseElf(bytes)];
  expect(sectionNamed(after, "socket")?.bytes).toEqual(sectionNamed(before, "socket")?.bytes);
  return sectionNamed(after, ".BTF")?.bytes ?? new Uint8Array(0);
}

judgeTest(kernel())(
  `${OBJECTS} objects made by hand, seed ${seed()}: the maps that were meant, in BTF that the kernel takes`,
  async () => {
    let batch: { readonly maps: readonly ModelMap[]; readonly btf: Uint8Array }[] = [];
    const flush = (): void => {
      const verdicts = answer(kernelBtfLoad(batch.map(({ btf }) => btf)));
      verdicts.forEach(({ errno, log }, index) => {
        if (errno !== 0) throw new Error(`${log}\n${JSON.stringify(batch[index]?.maps)}`);
      });
      batch = [];
    };
    await fc.assert(
      fc.asyncProperty(modelMaps, async (maps) => {
        batch.push({ maps, btf: await fixedOf(maps) });
        if (batch.length === BATCH) flush();
      }),
      { numRuns: OBJECTS, seed: seed() },
    );
    flush();
  },
);
