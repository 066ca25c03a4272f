import { expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { BtfFixError } from "../../../src/errors.ts";
import { ciliumMaps, ciliumVerdict } from "../../../src/rules/cilium/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import type { LoaderVerdict } from "../../../src/rules/loader.ts";
import { type CiliumReport, cilium, runCiliumStream } from "../../judges/cilium.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel } from "../../judges/kernel.ts";
import { seed as testSeed } from "../../seed.ts";
import { Random } from "../kernel/random.ts";
import { drawObject } from "../libbpf/draft.ts";
import { draw, loadSeeds } from "../loaders/objects.ts";
import { record } from "./draft.ts";

const OBJECTS = 1500;
const KERNEL = KERNEL_PROFILES["6.18"];
/** DEVMAP and DEVMAP_HASH, of which the kernel itself makes the programs' side read-only. */
const [READ_ONLY, DEVMAPS] = [0x80, [14, 25]];
/** Flags of the file descriptor, which the kernel does not keep with the map. */
const ACCESS = 0x18;
/** What is wrong only because the judge creates one map alone, without those that it holds. */
const OUTSIDE = /loading (inner map|program) .*, for map/;

function ours(bytes: Uint8Array): LoaderVerdict | undefined {
  try {
    return ciliumVerdict(parseElf(bytes), KERNEL);
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}

/** What differs between our verdict and the library's; undefined where nothing does. */
function difference(
  bytes: Uint8Array,
  verdict: LoaderVerdict,
  { panic, open, maps }: CiliumReport,
): string | undefined {
  if (panic !== undefined) return `it panicked: ${panic}`;
  const isOpen = verdict.stage !== "open";
  if (isOpen !== open.ok) return `we say ${verdict.message || "opened"}, it: ${open.error ?? "opened"}`;
  if (!isOpen) return undefined;
  for (const { name, rule, created: isOurs, withIds } of verdict.maps) {
    const theirs = maps.find((map) => map.name === name);
    if (isOurs !== (theirs?.created?.ok === true) && !OUTSIDE.test(theirs?.created?.error ?? "")) {
      return `${name}: we say ${rule ?? "created"}, it: ${theirs?.created?.error ?? "created"}`;
    }
    const held = theirs?.kernel;
    if (held && withIds !== (held.btfKeyTypeId !== 0 || held.btfValueTypeId !== 0)) {
      return `${name}: with types: we say ${withIds} (${rule}), the kernel holds ${held.btfKeyTypeId} and ${held.btfValueTypeId}`;
    }
  }
  const asked = new Map(ciliumMaps(parseElf(bytes), KERNEL)?.map((map) => [map.name, map]));
  for (const { name, kernel: held } of maps) {
    const map = asked.get(name.replace(/[^A-Za-z0-9._]/g, ""));
    if (held === null || map === undefined) continue;
    const flags = held.mapFlags & (DEVMAPS.includes(held.type) ? ~READ_ONLY : ~0);
    const theirs = [held.type, held.keySize, held.valueSize, flags].join(" ");
    const said = [map.type, map.keySize, map.valueSize, map.flags & ~ACCESS].join(" ");
    if (theirs !== said) return `${name}: we say ${said}, the kernel holds ${theirs}`;
  }
  return undefined;
}

judgeTest(cilium(), kernel())(
  `opens and refuses ${OBJECTS} objects as its rules say, and asks for the same maps`,
  async () => {
    const seed = testSeed();
    const random = new Random(seed);
    const seeds = await loadSeeds();
    const drawn = Array.from({ length: OBJECTS }, (_, number) => draw(seeds, random, number));
    const read = drawn.flatMap(({ family, seed: name, bytes }, number) => {
      const verdict = ours(bytes);
      return verdict === undefined ? [] : [{ label: `seed ${seed} #${number} ${family} of ${name}`, bytes, verdict }];
    });
    const reports = runCiliumStream(read.map(({ bytes }) => bytes));
    const different: string[] = [];
    for (const [i, { label, bytes, verdict }] of read.entries()) {
      const report = reports[i];
      const what = report && difference(bytes, verdict, report);
      if (what !== undefined) different.push(`${label}: ${what}`);
    }
    expect(different).toEqual([]);
    expect(read.length).toBeGreaterThan(0.95 * OBJECTS);
    expect(new Set(read.map(({ verdict: { rule } }) => rule)).size).toBeGreaterThan(30);
  },
);

test("a hundred thousand types that refer to each other take no stack", () => {
  const chain = drawObject({
    maps: ({ graph, u32, pointer, number }) => {
      let id = u32;
      for (let i = 0; i < 100_000; i++) id = graph.ptr(id);
      const fields = [
        ["type", number(1)],
        ["key", pointer],
        ["value", graph.ptr(id)],
        ["max_entries", number(1)],
      ] as const;
      return [{ name: "M", fields }];
    },
  });
  expect(ours(chain)?.stage).not.toBe("open");
  expect(ours(drawObject(record(4, [], { name: 1 })))?.accepted).toBe(true);
});
