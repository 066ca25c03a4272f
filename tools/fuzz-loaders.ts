/**
 * `npm run fuzz:loaders -- [--count N] [--seed S] [--loader NAME] [--keep DIR]`: the same objects to a loader and to the rules that play
 * it, and every object about which they disagree. Exits with 1 if there is one.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Result, runCampaign } from "../test/rules/loaders/campaign.ts";
import { COMPARED } from "../test/rules/loaders/compared.ts";

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

function report(
  name: string,
  { compared, accepted, maps, refusedMaps, unread, fell, byRule, disagreements }: Result,
): void {
  console.log(
    `${name}, seed ${seed}: ${compared} objects compared, ${disagreements.length} disagreements; ` +
      `opened ${((100 * accepted) / compared).toFixed(1)} %; not read by us ${unread}; fell over: ${table(fell) || "none"}`,
  );
  if (maps > 0) console.log(`  maps: ${maps} compared, ${refusedMaps} refused or without type ids`);
  console.log(`  first refusal by rule: ${table(byRule)}`);
  for (const { number, drawn, what } of disagreements.slice(0, 40)) {
    console.log(`  #${number} ${drawn.family} of ${drawn.seed}: ${what}`);
  }
}

for (const key of values.loader) {
  const loader = COMPARED[key];
  if (loader === undefined) throw new Error(`no rules play ${key}; known are ${Object.keys(COMPARED).join(", ")}`);
  const result = await runCampaign(loader, seed, Number(values.count));
  report(loader.name, result);
  if (result.disagreements.length > 0) process.exitCode = 1;
  if (values.keep === undefined) continue;
  mkdirSync(values.keep, { recursive: true });
  for (const { number, drawn } of result.disagreements) {
    writeFileSync(join(values.keep, `${key}-${seed}-${number}.o`), drawn.bytes);
  }
}
