import { expect } from "vitest";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelProgLoads } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { seed as testSeed } from "../../seed.ts";
import { runningRelease } from "../kernel/summary.ts";
import { newCampaign, note, programSummary, samples } from "./campaign.ts";

const COUNT = 5000;
const PROFILE = KERNEL_PROFILES[runningRelease()];

judgeTest(kernel())(`the running kernel agrees on the records of ${COUNT} programs, in errno and words`, () => {
  // A seed of its own for every run, so that the campaign goes on where no test looked before.
  const seed = testSeed();
  const programs = samples(seed, COUNT);
  const answers = answer(kernelProgLoads(programs, 120));
  const campaign = newCampaign(seed);
  note(campaign, programs, answers, PROFILE);
  console.log(programSummary(campaign));
  expect(campaign.disagreements, `seed ${seed}`).toEqual([]);
  expect(campaign.accepted / COUNT).toBeGreaterThan(0.3);
  expect(campaign.later / COUNT).toBeLessThan(0.25);
  expect((COUNT - campaign.accepted) / COUNT).toBeGreaterThan(0.3);
  // A rule that is not applied would be noticed.
  for (const rule of ["KB-05", "KB-06", "KB-08", "KB-13", "KB-18", "KB-36"]) {
    const other = newCampaign(seed);
    note(other, programs.slice(0, 1000), answers, { ...PROFILE, without: new Set([rule]) });
    expect(other.disagreements.length, rule).toBeGreaterThan(0);
  }
});
