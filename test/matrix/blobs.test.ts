import { expect } from "vitest";
import { kernelRules } from "../../src/rules/kernel/index.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { hasRule } from "../../src/rules/kernel/rule.ts";
import { compareBlobs, compareGenerated, noAgreement } from "../../tools/matrix/blobs.ts";
import { MATRIX_RELEASES } from "../../tools/matrix/kernels.ts";
import { inPairs } from "../../tools/matrix/parallel.ts";
import { ruleVectors } from "../../tools/matrix/vectors.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { matrixKernel } from "../judges/qemu.ts";
import { seed as testSeed } from "../seed.ts";

/** As many for each kernel. */
const COUNT = 3000;

const kernels = MATRIX_RELEASES.map(matrixKernel);

judgeTest(...kernels)("each kernel says of every rule's vectors what its profile says", async () => {
  const vectors = ruleVectors();
  await inPairs(MATRIX_RELEASES, async (release) => {
    const agreement = noAgreement(release);
    await compareBlobs(agreement, vectors);
    expect(agreement.kernel).toMatch(new RegExp(`^${release}[.-]`));
    expect(agreement.disagreements, release).toEqual([]);
    expect(agreement.count).toBe(vectors.length);
  });
});

judgeTest(...kernels)(`each kernel agrees on ${COUNT} blobs, in verdict, errno and message`, async () => {
  const seed = testSeed();
  const agreements = MATRIX_RELEASES.map((release) => noAgreement(release));
  await compareGenerated(agreements, seed, COUNT);
  for (const { release, count, accepted, rules, disagreements } of agreements) {
    expect(disagreements, `${release}, seed ${seed}`).toEqual([]);
    expect(count).toBe(COUNT);
    expect(accepted / count, release).toBeGreaterThan(0.3);
    const known = kernelRules.filter((rule) => hasRule(release, rule) && rule.unreachable === undefined);
    // Most rules have their turn among so few blobs.
    expect(rules.size / known.length, release).toBeGreaterThan(0.8);
  }
});

judgeTest(matrixKernel("6.12"))("a profile that is wrong is found", async () => {
  const wrong = { ...KERNEL_PROFILES["6.12"], without: new Set(["KM-18"]) };
  const agreement = noAgreement("6.12", wrong);
  await compareBlobs(agreement, ruleVectors());
  expect(agreement.disagreements.map(({ origin }) => origin)).toContain("KM-18 broken");
});
