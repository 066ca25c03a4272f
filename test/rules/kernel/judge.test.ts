import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { kernelJudge } from "../../../src/rules/kernel/judge.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { type BtfLoadVerdict, kernelVerdict } from "../../../src/rules/kernel/verdict.ts";
import { seed as testSeed } from "../../seed.ts";
import { sample } from "./mutate.ts";
import { Random } from "./random.ts";
import { realDrafts } from "./real.ts";

const PROFILES = Object.values(KERNEL_PROFILES);
const COUNT = 250;
const PARTS = [0, 1, 2, 3, 4, 5, 6, 7];

/** The commit's; a failure tells it. */
const SEED = testSeed();

test.each(PARTS)(
  `releases that share a walk say what each says alone, of ${COUNT} blobs and in every order: %i`,
  (part) => {
    const random = new Random(SEED + part);
    const real = realDrafts();
    const wrong: string[] = [];
    let [told, shared, divided] = [0, 0, 0];
    for (let index = 0; index < COUNT; index++) {
      const { blob, origin } = sample(random, real, part * COUNT + index);
      const what = `seed ${SEED}, part ${part}, blob ${index}: ${origin}`;
      const alone = PROFILES.map((profile) => kernelVerdict(blob, profile));
      if (alone.some(({ rule }) => rule !== alone[0]?.rule)) divided++;
      const oldestFirst = PROFILES.map((profile, at) => ({ profile, verdict: alone[at] }));
      for (const order of [oldestFirst, oldestFirst.toReversed()]) {
        const judge = kernelJudge(blob);
        const refusals = new Set<BtfLoadVerdict>();
        for (const { profile, verdict } of order) {
          const together = judge.verdict(profile);
          if (!isDeepStrictEqual(together, verdict)) wrong.push(`${what}, ${profile.release}`);
          if (together.accepted) continue;
          told++;
          if (refusals.has(together)) shared++;
          refusals.add(together);
        }
        for (const { profile, verdict } of order) {
          const own = verdict?.accepted === true ? profile : undefined;
          if (judge.held(profile)?.subject.profile !== own) wrong.push(`${what}, held by ${profile.release}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    // Blobs on which releases differ are common, and so are walks that were spared.
    expect(divided).toBeGreaterThan(COUNT / 3);
    expect(shared).toBeGreaterThan(told / 5);
  },
);
