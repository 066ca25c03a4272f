import { expect } from "vitest";
import { mapsOfMachine } from "../../tools/fuzz-kernel/maps.ts";
import { MATRIX_RELEASES } from "../../tools/matrix/kernels.ts";
import { inPairs } from "../../tools/matrix/parallel.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { matrixKernel } from "../judges/qemu.ts";
import { disagreementLine } from "../rules/map-create/campaign.ts";
import { seed as testSeed } from "../seed.ts";

const COUNT = 1000;

judgeTest(...MATRIX_RELEASES.map(matrixKernel))(
  `each kernel agrees on ${COUNT} maps and the vectors of every rule, in errno with type ids and without`,
  async () => {
    // A seed of its own for every run, so that it goes on where no test looked before.
    const seed = testSeed();
    await inPairs(MATRIX_RELEASES, async (release) => {
      const { maps, created, disagreements } = await mapsOfMachine(release, seed, COUNT);
      expect(disagreements.map(disagreementLine), `${release}, seed ${seed}`).toEqual([]);
      expect(maps).toBeGreaterThanOrEqual(COUNT);
      expect(created[0] / maps, release).toBeGreaterThan(0.1);
    });
  },
);
