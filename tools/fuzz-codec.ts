/**
 * `npm run fuzz:codec -- [--count N] [--seed N]`: random and half-random blobs of up to 4 kB to everything that reads bytes: `.BTF`,
 * `.BTF.ext` and ELF, the dump, and the rules of the kernel and libbpf. Fails if one throws anything but a BtfFixError, or takes longer
 * than it may; such a blob is kept under `.cache/fuzz-codec/`. The seed repeats the run.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { codecCampaign, codecFigures, LIMIT_MS } from "../test/fuzz/codec/campaign.ts";
import { ROOT } from "./bundle.ts";

const { values } = parseArgs({ options: { count: { type: "string", default: "1000000" }, seed: { type: "string" } } });
const count = Number(values.count);
const seed = Number(values.seed ?? Date.now() % 0x1_0000_0000);
const folder = join(ROOT, ".cache", "fuzz-codec");

console.log(`${count} blobs, seed ${seed}`);
const campaign = codecCampaign(ROOT, seed, count, {
  onBlob(number) {
    if (number % 50_000 === 0 && number > 0) console.log(`at blob ${number}`);
  },
  onFailure({ bytes }, number) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${seed}-${number}.bin`), bytes);
  },
});
for (const failure of campaign.failures) console.log(failure);
console.log(codecFigures(campaign));
console.log(
  `seed ${seed}: ${campaign.count} blobs, ${campaign.failures.length} failures; ` +
    `the slowest took ${campaign.slowest.toFixed(0)} ms of CPU time of ${LIMIT_MS}`,
);
process.exitCode = campaign.failures.length === 0 ? 0 : 1;
