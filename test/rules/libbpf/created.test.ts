import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { fixObject } from "../../../src/fix.ts";
import type { CreatedMap } from "../../../src/rules/kernel/map-create/attributes.ts";
import { libbpfMaps } from "../../../src/rules/libbpf/verdict.ts";
import { corpusObjects, KIND_FOLDERS } from "../../../tools/scoreboard/objects.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { type LibbpfMap, libbpf11, libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { EXTERN_CASES } from "./code-cases.ts";
import { drawObject } from "./draft.ts";

const [PERF_EVENT_ARRAY, STRUCT_OPS, RINGBUF] = [4, 26, 27];

type Shape = Readonly<Record<string, unknown>>;

/** What can be compared: the kernel decides the size of its own struct and the number of processors, and libbpf drops refused ids. */
function shapeOf(map: CreatedMap, isRetried: boolean): Shape {
  const { type, keySize, valueSize, maxEntries, mapFlags, mapExtra, keyTypeId, valueTypeId, inner } = map;
  return {
    type,
    keySize,
    mapFlags,
    mapExtra,
    ...(type === STRUCT_OPS ? {} : { valueSize }),
    ...(type === PERF_EVENT_ARRAY ? {} : { maxEntries }),
    ...(isRetried || type === STRUCT_OPS ? {} : { keyTypeId, valueTypeId }),
    hasInner: inner !== undefined,
  };
}

function created(map: LibbpfMap): CreatedMap {
  const { btfKeyTypeId: keyTypeId, btfValueTypeId: valueTypeId, mapExtra } = map;
  const inner = map.inner && created(map.inner);
  return { ...map, mapExtra: BigInt(mapExtra), keyTypeId, valueTypeId, inner };
}

const ring = (bytes: number): Uint8Array =>
  drawObject({
    maps: ({ number }) => [
      {
        name: "M",
        fields: [
          ["type", number(RINGBUF)],
          ["max_entries", number(bytes)],
        ],
      },
    ],
  });

/** Objects that were made for this, and those of the corpus, raw and repaired. */
async function allObjects(): Promise<readonly (readonly [label: string, bytes: Uint8Array])[]> {
  const objects: (readonly [string, Uint8Array])[] = [
    ...(EXTERN_CASES["LF-05"]?.kept ?? []).map((bytes, index) => [`.kconfig ${index}`, bytes] as const),
    ...[1, 4095, 4096, 4097, 12_288, 65_536].map((bytes) => [`ring of ${bytes}`, ring(bytes)] as const),
  ];
  for (const { path, name } of [...corpusObjects(), ...corpusObjects(KIND_FOLDERS)]) {
    const raw = readFileSync(path);
    if (!parseElf(raw).littleEndian) continue;
    objects.push([`${name} raw`, raw]);
    const fixed = await fixObject(raw).then(
      ({ bytes }) => bytes,
      () => undefined,
    );
    if (fixed !== undefined) objects.push([`${name} fixed`, fixed]);
  }
  return objects;
}

const objects = allObjects();

describe.each([
  { name: "libbpf17", version: "1.7", judge: libbpf17() },
  { name: "libbpf11", version: "1.1", judge: libbpf11() },
] as const)("the maps that $name creates", ({ name, version, judge }) => {
  judgeTest(judge)("are those that we say", async () => {
    let [opened, maps] = [0, 0];
    for (const [label, bytes] of await objects) {
      const run = runLibbpf(name, bytes, { until: "maps" });
      if (run.outcome !== "answer" || !run.value.open.ok) continue;
      opened++;
      const ours = libbpfMaps(parseElf(bytes), version) ?? [];
      // Those of optional struct_ops are there, but not in the kernel.
      const theirs = run.value.maps.filter(
        ({ type, kernel, errno }) => type !== STRUCT_OPS || kernel !== null || errno !== 0,
      );
      expect(ours.length, label).toBe(theirs.length);
      for (const [index, map] of theirs.entries()) {
        maps++;
        const own = ours[index];
        if (own === undefined) continue;
        if (!map.internal) expect(own.name, label).toBe(map.name);
        const isRetried = map.retriedWithoutBtf;
        const hidden = map.inner === undefined ? { inner: undefined } : {};
        expect(shapeOf({ ...own, ...hidden }, isRetried), `${label} ${map.name}`).toEqual(
          shapeOf(created(map), isRetried),
        );
      }
    }
    expect(opened).toBeGreaterThan(100);
    expect(maps).toBeGreaterThan(300);
  });
});
