import { expect } from "vitest";
import { mapCreateRules } from "../../../src/rules/kernel/map-create/index.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { askRunning } from "../../../tools/fuzz-kernel/maps.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel } from "../../judges/kernel.ts";
import { seed as testSeed } from "../../seed.ts";
import { runningRelease } from "../kernel/summary.ts";
import { compareMaps, disagreementLine, mapGroups } from "./campaign.ts";

const COUNT = 5000;
const PROFILE = KERNEL_PROFILES[runningRelease()];

judgeTest(kernel())(`the running kernel agrees on ${COUNT} maps, in errno with type ids and without`, () => {
  // A seed of its own for every run, so that the campaign goes on where no test looked before.
  const seed = testSeed();
  const groups = mapGroups(seed, COUNT, PROFILE);
  const answers = askRunning(groups);
  const { maps, created, hits, disagreements } = compareMaps(groups, answers, PROFILE);
  expect(disagreements.map(disagreementLine), `seed ${seed}`).toEqual([]);
  expect(maps).toBe(COUNT);
  expect(created[0] / maps).toBeGreaterThan(0.15);
  expect(created[1] / maps).toBeGreaterThan(0.3);
  // Of the rest there are too few to count on, and for each of them vectors.
  expect(hits.size / mapCreateRules.length).toBeGreaterThan(0.75);
  for (const rule of ["KC-06", "KC-15", "KC-23", "KC-24", "KC-30"]) {
    const found = compareMaps(groups, answers, { ...PROFILE, without: new Set([rule]) });
    expect(found.disagreements.length, `a profile without ${rule}`).toBeGreaterThan(0);
  }
});
