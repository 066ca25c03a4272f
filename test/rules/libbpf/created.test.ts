import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { fixObject } from "../../../src/fix.ts";
import { libbpfMaps } from "../../../src/rules/libbpf/verdict.ts";
import { corpusObjects, KIND_FOLDERS } from "../../../tools/scoreboard/objects.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { libbpf11, libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { EXTERN_CASES } from "./code-cases.ts";
import { drawObject } from "./draft.ts";
import { createdByLibbpf, shapes } from "./shape.ts";

const RINGBUF = 27;

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
      const theirs = createdByLibbpf(run.value.maps);
      expect(ours.length, label).toBe(theirs.length);
      for (const [index, map] of theirs.entries()) {
        maps++;
        const own = ours[index];
        if (own === undefined) continue;
        if (!map.internal) expect(own.name, label).toBe(map.name);
        const { ours: said, theirs: held } = shapes(own, map);
        expect(said, `${label} ${map.name}`).toEqual(held);
      }
    }
    expect(opened).toBeGreaterThan(100);
    expect(maps).toBeGreaterThan(300);
  });
});
