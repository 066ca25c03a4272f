import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { codeReferences, dataReferences, readObjectFile } from "../e2e/object-file.ts";
import { aya06, runAya } from "../judges/aya.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type LibbpfName, libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { type Scattered, scattered, scatteredObject } from "../maps/scattered.ts";
import { seed } from "../seed.ts";

/** Pointers outside code: where they stand, by section and map, and which map they hit. */
function pointers(object: Uint8Array): readonly string[] {
  const file = readObjectFile(object);
  return dataReferences(file)
    .filter(({ from }) => from !== ".BTF")
    .map(({ from, offset, symbol, distance }) => {
      const holder =
        from !== ".maps"
          ? undefined
          : file.symbols.find(({ name, value }) => value <= offset && name.startsWith("MAP"));
      const place = holder === undefined ? `${offset}` : "values";
      return `${from} ${place} ${symbol?.replace("_alias", "")}+${distance}`;
    })
    .sort();
}

function loads(object: Uint8Array): readonly (string | undefined)[] {
  return codeReferences(readObjectFile(object)).map(({ symbol }) => symbol?.replace("_alias", ""));
}

const isPrivate = ({ maps }: Scattered): boolean => maps.some(({ known, by }) => known !== "global" || by !== "symbol");

describe("maps in several sections, public and private", () => {
  test("come to lie in one, and every reference names the map's own symbol", async () => {
    let mended = 0;
    await fc.assert(
      fc.asyncProperty(scattered, async (draft) => {
        const { object, loaded } = scatteredObject(draft);
        const { bytes } = await fixObject(object);
        const [before, after] = [readObjectFile(object), readObjectFile(bytes)];
        expect(loads(object)).toEqual(loaded);
        expect(codeReferences(after).map(({ symbol }) => symbol)).toEqual(loaded);
        expect(pointers(bytes)).toEqual(pointers(object));
        expect(after.sections.filter(({ name }) => name.startsWith(".maps"))).toHaveLength(1);
        const code = (file: typeof before): readonly Buffer[] =>
          file.sections.flatMap((s) => (s.isCode ? [s.bytes] : []));
        expect(code(after)).toEqual(code(before));
        const left = (await checkObject(bytes)).diagnostics.filter(({ severity }) => severity === "error");
        expect(left).toEqual([]);
        expect((await fixObject(bytes)).bytes).toEqual(bytes);
        if (draft.writable.length > 1 || isPrivate(draft)) mended++;
      }),
      { numRuns: 150, seed: seed() },
    );
    expect(mended).toBeGreaterThan(75);
  });

  for (const [name, judge] of [
    ["libbpf17", libbpf17],
    ["libbpf11", libbpf11],
  ] as const satisfies readonly (readonly [LibbpfName, typeof libbpf17])[]) {
    judgeTest(judge())(`load in ${name} with the map behind each reference that was meant`, async () => {
      await fc.assert(
        fc.asyncProperty(scattered, async (draft) => {
          const { object, loaded } = scatteredObject({ ...draft, littleEndian: true });
          const report = answer(runLibbpf(name, (await fixObject(object)).bytes));
          const said = report.log.filter(({ level }) => level === "warn").map(({ text }) => text);
          expect([said, report.open.ok, report.load?.ok]).toEqual([[], true, true]);
          expect(report.programs.flatMap(({ wideLoads }) => wideLoads.map(({ map }) => map))).toEqual(loaded);
        }),
        { numRuns: 40, seed: seed() },
      );
    });
  }

  judgeTest(cilium())("load in cilium/ebpf where code names them without an offset", async () => {
    await fc.assert(
      fc.asyncProperty(scattered, async (draft) => {
        // It reads values within the symbol's size alone, which every compiler writes.
        const sized = draft.maps.map((map) => ({ ...map, sized: true }));
        const maps = sized.map((map) => (map.by === "section" ? { ...map, by: "symbol" as const } : map));
        const { object } = scatteredObject({ ...draft, maps, littleEndian: true });
        const { open, load, maps: made } = answer(runCilium((await fixObject(object)).bytes));
        expect([open.error, load?.error]).toEqual([null, null]);
        expect(made.map(({ name }) => name).sort()).toEqual(maps.map((_, index) => `MAP_${index}`));
      }),
      { numRuns: 30, seed: seed() },
    );
  });

  judgeTest(aya06())("are bound by aya to the map that was meant", async () => {
    await fc.assert(
      fc.asyncProperty(scattered, async (draft) => {
        const { object, loaded } = scatteredObject({ ...draft, littleEndian: true });
        const { parse, relocate, programs } = answer(runAya("aya06", (await fixObject(object)).bytes));
        expect([parse.error, relocate?.error]).toEqual([null, null]);
        expect(programs.flatMap(({ references }) => references.map(({ map }) => map))).toEqual(loaded);
      }),
      { numRuns: 40, seed: seed() },
    );
  });
});
