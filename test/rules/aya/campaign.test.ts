import { expect } from "vitest";
import { type AyaName, aya03, aya06 } from "../../judges/aya.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { seed as testSeed } from "../../seed.ts";
import { runAyaCampaign } from "./campaign.ts";

/** The corpus once, raw and repaired, and as many changed ones; `npm run fuzz:loaders` draws more. */
const OBJECTS = 1000;

const JUDGES = { aya03, aya06 } as const;

for (const name of ["aya03", "aya06"] as const satisfies readonly AyaName[]) {
  judgeTest(JUDGES[name]())(`${name} takes ${OBJECTS} objects, and sends their BTF, as its rules say`, async () => {
    const seed = testSeed();
    const { count, unread, opened, sameBtf, hits, disagreements } = await runAyaCampaign(name, seed, OBJECTS);
    const told = disagreements.map(({ number, drawn, what }) => `seed ${seed} #${number} ${drawn.family}: ${what}`);
    expect(told).toEqual([]);
    expect(unread).toBeLessThan(0.05 * OBJECTS);
    expect(opened / count).toBeGreaterThan(0.3);
    expect(sameBtf / count).toBeGreaterThan(0.3);
    expect(hits.size).toBeGreaterThan(20);
  });
}
