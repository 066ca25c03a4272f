/**
 * `npm run fuzz:loaders -- [--count N] [--seed S] [--loader NAME] [--keep DIR]`: the same objects to a loader and to the rules that play
 * it, and every object about which they disagree, with as few of its changes as that takes. Exits with 1 if there is one.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  areMapsMade,
  type Compared,
  compare,
  type Disagreement,
  type Result,
  runCampaign,
} from "../test/rules/loaders/campaign.ts";
import { COMPARED } from "../test/rules/loaders/compared.ts";
import type { Drawn } from "../test/rules/loaders/objects.ts";
import { changedWords, shrunk } from "../test/rules/loaders/shrink.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "5000" },
    seed: { type: "string" },
    loader: { type: "string", multiple: true, default: Object.keys(COMPARED) },
    keep: { type: "string" },
  },
});

const seed = values.seed === undefined ? (Math.random() * 2 ** 32) >>> 0 : Number(values.seed);

function table(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort()
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;

/** So many disagreements are shrunk and told. */
const TOLD = 40;

/** The object of a disagreement with only those changes that it takes. */
function smallest(loader: Compared, { drawn, number }: Disagreement): Drawn {
  return shrunk(drawn, (bytes) => compare(loader, bytes, areMapsMade(number))?.what !== undefined);
}

function tell(loader: Compared, { number, drawn, what }: Disagreement): Drawn {
  const small = smallest(loader, { number, drawn, what });
  const words = changedWords(small);
  console.log(`  #${number} ${drawn.family} of ${drawn.seed}: ${what}`);
  const places = words.slice(0, 8).map((at) => `0x${at.toString(16)}`);
  console.log(
    `    shrunk from ${changedWords(drawn).length} changed words to ${words.length}: ${places.join(", ") || "none"}`,
  );
  return small;
}

function report(
  name: string,
  { compared, accepted, maps, refusedMaps, unread, fell, byRule, byFamily, disagreements }: Result,
): void {
  console.log(
    `${name}, seed ${seed}: ${compared} objects compared, ${disagreements.length} disagreements; ` +
      `opened ${percent(accepted, compared)}; not read by us ${unread}; fell over: ${table(fell) || "none"}`,
  );
  if (maps > 0) console.log(`  maps: ${maps} compared, ${refusedMaps} refused or without type ids`);
  console.log(`  first refusal by rule: ${table(byRule)}`);
  const total = [...byFamily.values()].reduce((sum, { drawn }) => sum + drawn, 0);
  for (const [family, { drawn, opened, refused }] of byFamily) {
    console.log(`  ${family}: ${percent(drawn, total)} of the objects, opened ${opened}, refused ${refused}`);
  }
}

for (const key of values.loader) {
  const loader = COMPARED[key];
  if (loader === undefined) throw new Error(`no rules play ${key}; known are ${Object.keys(COMPARED).join(", ")}`);
  const result = await runCampaign(loader, seed, Number(values.count));
  report(loader.name, result);
  if (result.disagreements.length > 0) process.exitCode = 1;
  if (values.keep !== undefined) mkdirSync(values.keep, { recursive: true });
  for (const disagreement of result.disagreements.slice(0, TOLD)) {
    const { bytes } = tell(loader, disagreement);
    if (values.keep === undefined) continue;
    const path = join(values.keep, `${key}-${seed}-${disagreement.number}`);
    writeFileSync(`${path}.o`, bytes);
    writeFileSync(`${path}.whole.o`, disagreement.drawn.bytes);
  }
}
