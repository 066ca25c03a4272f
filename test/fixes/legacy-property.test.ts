import fc from "fast-check";
import { expect, test } from "vitest";
import { BtfFixError, fixObject, readMaps } from "../../src/index.ts";
import { type ObjectFile, readObjectFile } from "../e2e/object-file.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { type LegacyDraft, type LegacyParts, legacyObject, loadedMaps } from "../maps/legacy.ts";

/** Random legacy maps: whatever they are, each stays the map that it was, or the object is refused as a whole. */

/** Up to user_ringbuf and cgrp_storage; an object may have one arena only. */
const KINDS = 32;

/** A definition of one of the three lengths; `wild` ones may say anything. */
const words = (wild: boolean): fc.Arbitrary<readonly number[]> => {
  const number = wild ? fc.oneof(fc.nat({ max: 80 }), fc.nat({ max: 0xffff_ffff })) : fc.nat({ max: 4096 });
  return fc
    .tuple(
      wild ? number : fc.integer({ min: 1, max: KINDS }),
      number,
      number,
      fc.nat({ max: 0xffff_ffff }),
      fc.nat({ max: wild ? 0xffff_ffff : 1 << 12 }),
      number,
      wild ? number : fc.nat({ max: 1 }),
    )
    .chain((all) => fc.constantFrom(5, 6, 7).map((length) => all.slice(0, length)));
};

const maps = (wild: boolean): fc.Arbitrary<readonly LegacyDraft[]> =>
  fc
    .array(
      fc.record({
        words: words(wild),
        section: fc.constantFrom("maps", "maps", "maps/more"),
        symbol: fc.constantFrom({}, { binding: 0 }, { binding: 2 }, { visibility: 2 }, { type: 0 }),
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map((list) => list.map((map, index) => ({ ...map, name: `MAP_${index}` })));

const parts: fc.Arbitrary<LegacyParts> = fc.record(
  { littleEndian: fc.boolean(), modern: fc.constant("MODERN"), bySection: fc.boolean(), described: fc.boolean() },
  { requiredKeys: ["littleEndian"] },
);

function code(file: ObjectFile): readonly string[] {
  return file.sections.filter(({ isCode }) => isCode).map(({ bytes }) => bytes.toString("hex"));
}

/** The numbers of the definitions, by name; 0 for what a short form lacks. */
function numbers(drafts: readonly LegacyDraft[]): Record<string, readonly number[]> {
  return Object.fromEntries(
    drafts.map(({ name, words: [type = 0, key = 0, value = 0, entries = 0, flags = 0, , pinning = 0] }) => [
      name,
      [type, key, value, entries, flags, pinning],
    ]),
  );
}

async function readNumbers(object: Uint8Array): Promise<Record<string, readonly number[]>> {
  const read = (await readMaps(object, { from: "btf" })).filter(({ name }) => name !== "MODERN");
  return Object.fromEntries(
    read.map((map) => [
      map.name,
      [map.type, map.keySize, map.valueSize, map.maxEntries, map.mapFlags, map.pinning].map((value) => value ?? 0),
    ]),
  );
}

test("every map keeps its numbers and every reference its map", async () => {
  await fc.assert(
    fc.asyncProperty(maps(false), parts, async (drafts, more) => {
      const raw = legacyObject(drafts, more);
      const { bytes, summary } = await fixObject(raw);
      expect(summary.join()).toContain(`${drafts.length} legacy map`);
      const [before, after] = [readObjectFile(raw), readObjectFile(bytes)];
      expect(code(after)).toEqual(code(before));
      expect(loadedMaps(after)).toEqual(loadedMaps(before).map(([offset, , map]) => [offset, ".maps", map]));
      // Ring buffers have no key and no value, whatever their definition says: the kernel refuses it as it stands.
      const plain = drafts.filter(({ words: [type = 0] }) => ![27, 31, 33].includes(type));
      expect(await readNumbers(bytes)).toMatchObject(numbers(plain));
      expect((await fixObject(bytes)).bytes).toEqual(bytes);
    }),
    { numRuns: 100 },
  );
}, 60_000);

test("whatever a definition says, it is converted or refused", async () => {
  await fc.assert(
    fc.asyncProperty(maps(true), parts, async (drafts, more) => {
      const raw = legacyObject(drafts, more);
      try {
        expect(loadedMaps(readObjectFile((await fixObject(raw)).bytes))).toHaveLength(
          loadedMaps(readObjectFile(raw)).length,
        );
      } catch (error) {
        expect(error).toBeInstanceOf(BtfFixError);
        expect((error as BtfFixError).code).toBe("REFUSED");
      }
    }),
    { numRuns: 100 },
  );
}, 60_000);

test("bytes that were changed anywhere are no reason to crash", async () => {
  await fc.assert(
    fc.asyncProperty(
      maps(false),
      parts,
      fc.array(fc.tuple(fc.nat({ max: 1 << 16 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 }),
      async (drafts, more, changes) => {
        const raw = legacyObject(drafts, more);
        for (const [at, byte] of changes) raw[at % raw.length] = byte;
        try {
          const { bytes } = await fixObject(raw);
          expect((await fixObject(bytes)).bytes).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(BtfFixError);
        }
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

judgeTest(libbpf17())("libbpf reads the same numbers", async () => {
  await fc.assert(
    fc.asyncProperty(maps(false), parts, async (drafts, more) => {
      const raw = legacyObject(drafts, { ...more, littleEndian: true });
      const report = answer(runLibbpf("libbpf17", (await fixObject(raw)).bytes, { until: "open" }));
      expect(report.open.ok).toBe(true);
      const read = report.maps.filter(({ internal, name }) => !internal && name !== "MODERN");
      const found = read.map(({ name, type, keySize, valueSize, maxEntries, mapFlags, pinByName }) => [
        name,
        [type, keySize, valueSize, maxEntries, mapFlags, pinByName ? 1 : 0],
      ]);
      const plain = drafts.filter(({ words: [type = 0] }) => ![27, 31, 33].includes(type));
      expect(Object.fromEntries(found)).toMatchObject(numbers(plain));
    }),
    { numRuns: 25 },
  );
});
