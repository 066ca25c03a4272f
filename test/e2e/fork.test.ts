import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { fixObject } from "../../src/index.ts";
import { ROOT } from "../../tools/bundle.ts";
import { type AyaName, aya03, aya06, runAya } from "../judges/aya.ts";
import { bpftool, bpftoolLoad } from "../judges/bpftool.ts";
import { cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";

/** The real Aya program, once repaired, before the other loaders. */

const HASH = 1;
const RINGBUF = 27;

async function fixed(name: string): Promise<Uint8Array> {
  return (await fixObject(readFileSync(join(ROOT, "corpus/aya", name)))).bytes;
}

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

for (const profile of ["release", "dev"]) {
  describe(`fork, ${profile}`, () => {
    const object = `fork.bpfel.${profile}.o`;

    judgeTest(cilium())("cilium/ebpf loads it", async () => {
      const report = answer(runCilium(await fixed(object)));
      expect([report.open.error, report.load?.error]).toEqual([null, null]);
      const map = report.maps.find(({ name }) => name === "PID_MAP");
      expect(map).toMatchObject({
        type: HASH,
        keySize: 4,
        valueSize: 4,
        maxEntries: 1024,
        key: expect.stringContaining('"u32"'),
      });
      expect(map?.kernel?.btfKeyTypeId).toBeGreaterThan(0);
      expect(map?.kernel?.btfValueTypeId).toBeGreaterThan(0);
    });

    const libraries: readonly [AyaName, typeof aya03][] = [
      ["aya03", aya03],
      ["aya06", aya06],
    ];
    for (const [library, judge] of libraries) {
      judgeTest(judge(), kernel())(`${library} takes it, and the kernel takes the BTF that it sends`, async () => {
        const report = answer(runAya(library, await fixed(object)));
        expect([report.parse, report.fixUp, report.relocate].map((verdict) => verdict?.error ?? null)).toEqual([
          null,
          null,
          null,
        ]);
        const maps = new Map(report.maps.map((map) => [map.name, map]));
        expect(maps.get("PID_MAP")).toMatchObject({ type: HASH, keySize: 4, valueSize: 4, maxEntries: 1024 });
        expect(maps.get("EVENTS")).toMatchObject({ type: RINGBUF, keySize: 0, valueSize: 0, maxEntries: 4096 });
        expect(maps.get("PID_MAP")?.btfKeyTypeId).toBeGreaterThan(0);
        const [verdict] = answer(kernelBtfLoad([report.btf ?? new Uint8Array()]));
        expect(verdict).toMatchObject({ errno: 0 });
      });
    }

    judgeTest(bpftool(), kernel())("bpftool shows typed keys and values", async () => {
      const element = { map: "PID_MAP", key: words(4711), value: words(42) };
      const { ok, stderr, maps } = answer(bpftoolLoad(await fixed(object), [element]));
      expect([ok, stderr]).toEqual([true, expect.any(String)]);
      const map = maps.find(({ name }) => name === "PID_MAP");
      // Without BTF bpftool has no "formatted", and its text shows bytes.
      expect(map?.dump).toMatchObject([{ formatted: { key: 4711, value: 42 } }]);
      expect(map?.text).toContain('"key": 4711');
    });
  });
}

judgeTest(bpftool(), kernel())("bpftool shows the members of a Rust struct, which it could not before", async () => {
  const raw = readFileSync(join(ROOT, "corpus/shapes/s02_repr_rust_def.bpfel.o"));
  const element = { map: "REORDERED", key: words(2, 0, 3, 4), value: words(5, 0, 7, 8, 1, 0) };
  const shown = (bytes: Uint8Array): unknown => {
    const { ok, stderr, maps } = answer(bpftoolLoad(bytes, [element]));
    expect([ok, stderr]).toEqual([true, expect.any(String)]);
    return maps.find(({ name }) => name === "REORDERED")?.dump;
  };
  expect(JSON.stringify(shown(raw))).not.toContain("formatted");
  // By DWARF: Key has b at 0, d at 8, c at 12, a at 14; Val has count at 0, pair at 8, flag at 16.
  expect(shown((await fixObject(raw)).bytes)).toMatchObject([
    { formatted: { key: { b: 2, d: 3, c: 4, a: 0 }, value: { count: 5, pair: { __0: 7, __1: 8 }, flag: true } } },
  ]);
});
