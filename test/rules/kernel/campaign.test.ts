import { expect, test } from "vitest";
import { kernelRules } from "../../../src/rules/kernel/index.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { hasRule } from "../../../src/rules/kernel/rule.ts";
import { kernelVerdict } from "../../../src/rules/kernel/verdict.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { seed as testSeed } from "../../seed.ts";
import { disagreement, logText, runCampaign } from "./campaign.ts";
import { HEADER_CASES } from "./header-cases.ts";
import { Random } from "./random.ts";
import { runningRelease, summary } from "./summary.ts";

const COUNT = 20_000;
const HITS = 100;
const PROFILE = KERNEL_PROFILES[runningRelease()];

test("the judge's way of writing bytes is undone", () => {
  expect(logText("a\\xe9b é\\\\")).toBe("a\ufffdb é\\\\");
});

judgeTest(kernel())(`the running kernel agrees on ${COUNT} blobs, in verdict, errno and message`, () => {
  const campaign = runCampaign(testSeed(), COUNT, PROFILE);
  console.log(summary(campaign));
  const { count, accepted, refusedAtHeader, refusedEarly, kinds, hits } = campaign;
  expect(campaign.disagreements, `seed ${campaign.seed}`).toEqual([]);
  expect(accepted / count).toBeGreaterThanOrEqual(0.3);
  expect((count - accepted - refusedEarly) / count).toBeGreaterThanOrEqual(0.3);
  expect(refusedAtHeader / count).toBeLessThanOrEqual(0.01);
  for (const seen of kinds.slice(1)) expect(seen / accepted).toBeGreaterThanOrEqual(0.05);
  if (runningRelease() !== "6.18") return;
  // Rules of the header are hit as often as the next test wants; a campaign of them would say nothing of types.
  const types = kernelRules.filter((rule) => hasRule("6.18", rule) && rule.unreachable === undefined);
  const rare = types.filter(({ id }) => !/^K[AH]/.test(id) && (hits.get(id) ?? 0) < HITS);
  expect(rare.map(({ id }) => `${id} ${hits.get(id) ?? 0}`)).toEqual([]);
});

judgeTest(kernel())(`the running kernel agrees on ${HITS} broken headers for each rule`, () => {
  const random = new Random(testSeed());
  for (const [rule, make] of Object.entries(HEADER_CASES)) {
    const blobs = Array.from({ length: HITS }, () => make(true, random));
    const answers = answer(kernelBtfLoad(blobs));
    for (const [index, blob] of blobs.entries()) {
      const verdict = kernelVerdict(blob, PROFILE);
      const said = answers[index] ?? { errno: -1, log: "" };
      expect(disagreement(verdict, said), `${rule}: ${said.errno} ${said.log}`).toBeUndefined();
      if (runningRelease() === "6.18") expect(verdict.rule).toBe(rule);
    }
  }
});

judgeTest(kernel())(`a rule that is switched off is found within ${COUNT} blobs`, () => {
  for (const rule of ["KM-18", "KR-02", "KZ-05"]) {
    const campaign = runCampaign(testSeed(), COUNT, { ...PROFILE, without: new Set([rule]) }, { enough: 1 });
    expect(campaign.disagreements.length, rule).toBeGreaterThan(0);
  }
});
