import { describe, expect } from "vitest";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { MATRIX_RELEASES, type MatrixRelease } from "../../tools/matrix/kernels.ts";
import { inPairs } from "../../tools/matrix/parallel.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { machineProgLoad } from "../judges/machine.ts";
import { matrixKernel } from "../judges/qemu.ts";
import { newCampaign, note, programSummary, samples } from "../rules/program-info/campaign.ts";
import { vectorPrograms } from "../rules/program-info/vectors.ts";
import { seed as testSeed } from "../seed.ts";

const COUNT = 1000;

describe("every kernel of the matrix", () => {
  judgeTest(...MATRIX_RELEASES.map(matrixKernel))(
    `says of the records of ${COUNT} programs, and of the vectors, what its profile says`,
    async () => {
      const seed = testSeed();
      const programs = [...vectorPrograms(), ...samples(seed, COUNT)];
      await inPairs(MATRIX_RELEASES, async (release: MatrixRelease) => {
        const { kernel, answers } = await machineProgLoad(release, programs);
        const campaign = newCampaign(seed);
        note(campaign, programs, answers, KERNEL_PROFILES[release]);
        console.log(`${kernel}, ${programSummary(campaign)}`);
        expect(campaign.disagreements, `${release}, seed ${seed}`).toEqual([]);
        expect(campaign.accepted / campaign.count).toBeGreaterThan(0.25);
      });
    },
  );
});
