import { expect } from "vitest";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { seed } from "../../seed.ts";
import { differenceInTurn, packed, saidInTurn } from "./mended.ts";
import { Random } from "./random.ts";
import { severallyBroken } from "./several.ts";
import { circlesBroken } from "./several-circles.ts";
import { specialBroken } from "./several-special.ts";
import { runningRelease } from "./summary.ts";

const PROFILE = KERNEL_PROFILES[runningRelease()];
const SEED = seed();
const COUNT = 150;

/** The least share of blobs of which all is told in the kernel's order; in the others a break hides another, or it says nothing of which it is. */
const KINDS = [
  { what: "types of all kinds", make: (random: Random) => severallyBroken(random, 10), share: 0.9 },
  { what: "structs with special fields", make: specialBroken, share: 0.6 },
  { what: "circles and long chains", make: circlesBroken, share: 0.5 },
];

for (const { what, make, share } of KINDS) {
  judgeTest(kernel())(
    `${what}, broken in ${COUNT} blobs, are told as the kernel tells them in turn (seed ${SEED})`,
    async () => {
      const random = new Random(SEED);
      const inputs = Array.from({ length: COUNT }, () => packed(make(random)));
      const said = await saidInTurn(inputs, (blobs) => answer(kernelBtfLoad(blobs, 120)));
      const differences = inputs.flatMap((input, index) => differenceInTurn(input, said[index] ?? [], PROFILE) ?? []);
      expect(differences.length / COUNT, differences[0]).toBeLessThan(1 - share);
    },
  );
}
