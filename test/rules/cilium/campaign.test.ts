import { expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { ciliumSpec } from "../../../src/rules/cilium/verdict.ts";
import { cilium, runCiliumStream } from "../../judges/cilium.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel } from "../../judges/kernel.ts";
import { seed as testSeed } from "../../seed.ts";
import { Random } from "../kernel/random.ts";
import { drawObject } from "../libbpf/draft.ts";
import { draw, loadSeeds } from "../loaders/objects.ts";
import { difference, ours } from "./compared.ts";
import { record } from "./draft.ts";
import { oddObject } from "./odd-cases.ts";
import { openedDifference } from "./opened.ts";

const OBJECTS = 1500;
const ODD = 1000;

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
      // What is found in an object is compared with more odd ones below.
      const spec = i % 3 === 0 ? ciliumSpec(parseElf(bytes)) : undefined;
      const what = report && (difference(bytes, verdict, report) ?? openedDifference(spec, report));
      if (what !== undefined) different.push(`${label}: ${what}`);
    }
    expect(different).toEqual([]);
    expect(read.length).toBeGreaterThan(0.95 * OBJECTS);
    expect(new Set(read.map(({ verdict: { rule } }) => rule)).size).toBeGreaterThan(30);
  },
);

judgeTest(cilium(), kernel())(`sees what the library sees in ${ODD} objects with one part at an edge`, () => {
  const seed = testSeed();
  const random = new Random(seed);
  const read = Array.from({ length: ODD }, () => oddObject(random)).flatMap(({ family, bytes }, number) => {
    const verdict = ours(bytes);
    return verdict === undefined ? [] : [{ label: `seed ${seed} #${number} ${family}`, bytes, verdict }];
  });
  const reports = runCiliumStream(read.map(({ bytes }) => bytes));
  const different = read.flatMap(({ label, bytes, verdict }, i) => {
    const report = reports[i];
    const what =
      report && (difference(bytes, verdict, report) ?? openedDifference(ciliumSpec(parseElf(bytes)), report));
    return what === undefined ? [] : [`${label}: ${what}`];
  });
  expect(different).toEqual([]);
  expect(read.length).toBeGreaterThan(0.9 * ODD);
  expect(new Set(read.map(({ verdict: { rule } }) => rule)).size).toBeGreaterThan(60);
});

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
