import { expect } from "vitest";
import type { Judge } from "../../judges/judge.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { libbpf11, libbpf17 } from "../../judges/libbpf.ts";
import { seed as testSeed } from "../../seed.ts";
import { runCampaign } from "./campaign.ts";
import { COMPARED } from "./compared.ts";

/** `npm run fuzz:loaders` draws more. */
const OBJECTS = 1000;

const JUDGES: Readonly<Record<string, () => Judge>> = { libbpf17, libbpf11 };

for (const [key, judge] of Object.entries(JUDGES)) {
  const loader = COMPARED[key];
  if (loader === undefined) throw new Error(`nothing is known of ${key}`);
  judgeTest(judge())(
    `${loader.name} opens and refuses ${OBJECTS} objects as its rules say, in its own words`,
    async () => {
      const seed = testSeed();
      const { compared, accepted, unread, byRule, disagreements } = await runCampaign(loader, seed, OBJECTS);
      expect(
        disagreements.map(
          ({ number, drawn, what }) => `seed ${seed} #${number} ${drawn.family} of ${drawn.seed}: ${what}`,
        ),
      ).toEqual([]);
      expect(unread).toBeLessThan(0.05 * OBJECTS);
      // Enough of either kind, and many ways to be refused.
      expect(accepted / compared).toBeGreaterThan(0.3);
      expect(accepted / compared).toBeLessThan(0.9);
      expect(byRule.size).toBeGreaterThan(30);
    },
  );
}
