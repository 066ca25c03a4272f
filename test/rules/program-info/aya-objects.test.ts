import { expect } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { ayaVerdict } from "../../../src/rules/aya/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { type AyaRunName, aya14, aya16, loadWithAya } from "../../judges/aya-run.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { answer } from "../../judges/run.ts";
import { seed as testSeed } from "../../seed.ts";
import { Random } from "../kernel/random.ts";
import { runningRelease } from "../kernel/summary.ts";
import { brokenObject, seedObjects } from "./objects.ts";

const PROFILE = KERNEL_PROFILES[runningRelease()];
/** Objects of Rust's, which aya takes. */
const SEEDS = seedObjects().filter(({ name }) => !name.startsWith("c/"));

/** What differs between our verdicts and what aya said of each program: "count loads", "count: …", "count needs more" (a hook). */
function differences(bytes: Uint8Array, version: "0.3" | "0.6", said: readonly string[]): readonly string[] {
  const { programs = [] } = ayaVerdict(parseElf(bytes), version, PROFILE);
  return programs.flatMap(({ name, recordsTaken, message, rule }) => {
    const line = said.find((each) => each.startsWith(`${name}:`) || each.startsWith(`${name} `));
    if (line === undefined) return [`${name} is not there`];
    if (line === `${name} needs more`) return [];
    const isSame = recordsTaken ? line === `${name} loads` : line.includes(`Verifier output: ${message}`);
    return isSame ? [] : [`${name}: ${rule} ${message}, not ${line}`];
  });
}

/** Objects for each aya. */
const COUNT = 60;

for (const [version, name, judge] of [
  ["0.6", "aya16", aya16()],
  ["0.3", "aya14", aya14()],
] as const satisfies readonly (readonly ["0.3" | "0.6", AyaRunName, unknown])[]) {
  judgeTest(judge)(
    `aya-obj ${version} and the kernel agree on the programs of ${COUNT} objects with broken records`,
    () => {
      const seed = testSeed();
      const random = new Random(seed);
      let compared = 0;
      for (let number = 0; number < COUNT; number++) {
        const object = random.pick(SEEDS);
        const bytes = brokenObject(object, random);
        const { programs, error } = answer(loadWithAya(name, bytes));
        if (error !== undefined) continue;
        compared++;
        expect(differences(bytes, version, programs), `${object.name}, number ${number} of seed ${seed}`).toEqual([]);
      }
      expect(compared).toBeGreaterThan(COUNT / 4);
    },
  );
}
