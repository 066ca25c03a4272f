import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { fixObject } from "../../src/index.ts";
import type { ScoredObject } from "../../tools/scoreboard/objects.ts";
import { type AyaMap, type AyaName, type AyaReport, aya03, aya06, runAya } from "../judges/aya.ts";
import { bpftool, bpftoolLink } from "../judges/bpftool.ts";
import { type CiliumReport, cilium, runCilium } from "../judges/cilium.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad, kernelMapCreate, smallestBtf } from "../judges/kernel.ts";
import { type LibbpfMap, type LibbpfName, type LibbpfReport, libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

/** What loaded before loads after, in every loader: with the same maps behind the same references, within the same verifier budget. */

const PERF_EVENT_ARRAY = 4;

/** Growth of the verifier's work that is no regression: functions that are verified alone once the BTF is taken. */
const MAX_GROWTH = 1.1;

/** Queue and stack have no key, and a value id alone is refused: with the key `()` that cannot be, their ids go. */
const KEYLESS = [22, 23];

/** Everything that must not be lost, each as a line of text. */
type Achievements = readonly string[];

function libbpfMap(map: LibbpfMap): string {
  const { name, type, keySize, valueSize, maxEntries, mapFlags, mapExtra, numaNode, pinByName, inner } = map;
  const nested = inner === undefined ? "" : ` of ${libbpfMap({ ...inner, name: "" })}`;
  return `map ${name} ${[type, keySize, valueSize, maxEntries, mapFlags, mapExtra, numaNode, pinByName].join(" ")}${nested}`;
}

function libbpfAchievements(report: LibbpfReport): Achievements {
  const { open, load, btfFd, maps, programs } = report;
  return [
    ...(open.ok ? ["opens", ...maps.map(({ name }) => `has map ${name}`)] : []),
    ...(load?.ok === true ? ["loads"] : []),
    ...((btfFd ?? -1) >= 0 ? ["has BTF"] : []),
    // Only a map that was created has proved that its definition works.
    ...maps.filter(({ fd }) => fd >= 0).map(libbpfMap),
    ...maps.flatMap(({ name, type, kernel: held }) =>
      held === null || held.btfValueTypeId === 0 || KEYLESS.includes(type) ? [] : [`map ${name} has type ids`],
    ),
    ...programs.flatMap(({ name, loaded, wideLoads }) => {
      const references = wideLoads.map(({ insn, map }) => `${insn}:${map}`);
      return loaded ? [`program ${name} loads`, `program ${name} refers to ${references.join(" ")}`] : [];
    }),
  ];
}

/** Programs that the verifier walks further than before, beyond what is allowed. */
function heavier(before: LibbpfReport, after: LibbpfReport): string[] {
  return before.programs.flatMap(({ name, loaded, processed }) => {
    const now = after.programs.find((program) => program.name === name)?.processed ?? null;
    if (!loaded || processed === null || now === null || now <= processed * MAX_GROWTH) return [];
    return [`${name}: ${processed} instructions verified before, ${now} after`];
  });
}

function ciliumAchievements({ open, load, maps, programs }: CiliumReport): Achievements {
  return [
    ...(open.ok ? ["opens", ...maps.map(({ name }) => `has map ${name}`)] : []),
    ...(load?.ok === true ? ["loads"] : []),
    ...maps.flatMap((map) => {
      if (map.created?.ok !== true) return [];
      const { name, type, keySize, valueSize, maxEntries, mapFlags, mapExtra, numaNode, pinning } = map;
      return [
        `map ${name} ${[type, keySize, valueSize, maxEntries, mapFlags, mapExtra, numaNode, pinning].join(" ")}`,
        ...(map.kernel !== null && map.kernel.btfValueTypeId !== 0 && !KEYLESS.includes(type)
          ? [`map ${name} has type ids`]
          : []),
      ];
    }),
    ...programs.flatMap(({ name, loaded }) => (loaded?.ok === true ? [`program ${name} loads`] : [])),
  ];
}

function ayaMap({ name, type, keySize, valueSize, maxEntries, mapFlags, mapExtra, pinning, inner }: AyaMap): string {
  const nested = inner === null ? "" : ` of ${ayaMap({ ...inner, name: "" })}`;
  return `map ${name} ${[type, keySize, valueSize, maxEntries, mapFlags, mapExtra, pinning].join(" ")}${nested}`;
}

/** aya only parses; which of its maps the kernel would make is for the kernel to say. */
function workingMaps(maps: readonly AyaMap[]): readonly AyaMap[] {
  const verdicts = answer(
    kernelMapCreate(
      smallestBtf(),
      maps.map(({ type, keySize, valueSize, maxEntries, mapFlags, mapExtra }) => ({
        type,
        keySize,
        valueSize,
        // 0 means one entry a processor, which aya fills in.
        maxEntries: maxEntries === 0 && type === PERF_EVENT_ARRAY ? 1 : maxEntries,
        mapFlags,
        mapExtra: BigInt(mapExtra),
      })),
    ),
  );
  return maps.filter((_, index) => verdicts[index]?.withoutIds === 0);
}

function ayaAchievements({ parse, fixUp, relocate, maps, programs, btf }: AyaReport): Achievements {
  const isTaken = btf !== undefined && answer(kernelBtfLoad([btf]))[0]?.errno === 0;
  return [
    ...(parse.ok ? ["parses", ...maps.map(({ name }) => `has map ${name}`)] : []),
    ...(fixUp?.ok === true ? ["fixes up"] : []),
    ...(relocate?.ok === true ? ["relocates"] : []),
    ...(isTaken ? ["sends BTF that the kernel takes"] : []),
    ...workingMaps(maps).map(ayaMap),
    ...programs.map(
      ({ name, references }) =>
        `program ${name} refers to ${references.map(({ insn, map }) => `${insn}:${map}`).join(" ")}`,
    ),
  ];
}

function lost(before: Achievements, after: Achievements): string[] {
  return before.filter((line) => !after.includes(line));
}

const pairs = new Map<string, { readonly raw: Uint8Array; readonly fixed: Uint8Array }>();

async function pair(path: string): Promise<{ readonly raw: Uint8Array; readonly fixed: Uint8Array }> {
  const known = pairs.get(path);
  if (known !== undefined) return known;
  const raw = readFileSync(path);
  const made = { raw, fixed: (await fixObject(raw)).bytes };
  pairs.set(path, made);
  return made;
}

const LIBBPF: readonly [LibbpfName, typeof libbpf17][] = [
  ["libbpf17", libbpf17],
  ["libbpf11", libbpf11],
];

const AYA: readonly [AyaName, typeof aya03][] = [
  ["aya03", aya03],
  ["aya06", aya06],
];

/** One test for each object and loader: what the loader made of it raw, it makes of it fixed. */
export function testNeverWorse(objects: readonly ScoredObject[]): void {
  for (const [library, judge] of LIBBPF) {
    describe(library, () => {
      for (const { name, path } of objects) {
        // Before 1.6 libbpf opens nothing of the other byte order.
        if (library === "libbpf11" && name.includes(".bpfeb.")) continue;
        judgeTest(judge())(name, async () => {
          const { raw, fixed } = await pair(path);
          const until = name.includes(".bpfeb.") ? "open" : "load";
          const [before, after] = [
            answer(runLibbpf(library, raw, { until })),
            answer(runLibbpf(library, fixed, { until })),
          ];
          expect(lost(libbpfAchievements(before), libbpfAchievements(after))).toEqual([]);
          expect(heavier(before, after)).toEqual([]);
        });
      }
    });
  }

  describe("cilium/ebpf", () => {
    for (const { name, path } of objects) {
      judgeTest(cilium())(name, async () => {
        const { raw, fixed } = await pair(path);
        const until = name.includes(".bpfeb.") ? "open" : "load";
        const [before, after] = [answer(runCilium(raw, { until })), answer(runCilium(fixed, { until }))];
        expect(lost(ciliumAchievements(before), ciliumAchievements(after))).toEqual([]);
      });
    }
  });

  for (const [library, judge] of AYA) {
    describe(library, () => {
      for (const { name, path } of objects) {
        judgeTest(judge(), kernel())(name, async () => {
          const { raw, fixed } = await pair(path);
          const before = answer(runAya(library, raw));
          expect(lost(ayaAchievements(before), ayaAchievements(answer(runAya(library, fixed))))).toEqual([]);
        });
      }
    });
  }

  describe("bpftool gen object", () => {
    for (const { name, path } of objects) {
      // bpftool's linker takes its own byte order alone.
      if (name.includes(".bpfeb.")) continue;
      judgeTest(bpftool())(name, async () => {
        const { raw, fixed } = await pair(path);
        if (!answer(bpftoolLink([raw])).ok) return;
        expect(answer(bpftoolLink([fixed]))).toMatchObject({ ok: true, stderr: "" });
      });
    }
  });
}
