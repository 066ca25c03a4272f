/**
 * `npm run fuzz:codec -- [--count N] [--seed N]`: gives random and half-random blobs of up to 4 kB to the readers of ELF, BTF and .BTF.ext,
 * to the renderers and to the verdicts of kernel and libbpf. Nothing may be thrown but a BtfFixError; the seed repeats a run.
 */
import { parseArgs } from "node:util";
import { runBlobs } from "../test/fuzz/codec/campaign.ts";
import { ROOT } from "./bundle.ts";

const { values } = parseArgs({ options: { count: { type: "string" }, seed: { type: "string" } } });
const count = Number(values.count ?? 1_000_000);
const seed = Number(values.seed ?? Date.now() % 0x1_0000_0000);
console.log(`${count} blobs, seed ${seed}`);
let batches = 0;
const run = runBlobs(ROOT, seed, count, (line) => {
  if (batches++ % 100 === 0) console.log(line);
});
for (const line of [...run.figures, ...run.failures]) console.log(line);
console.log(
  `${run.taken} of ${count} taken by some reader, slowest ${run.slowest.toFixed(0)} ms, ${run.failures.length} failures`,
);
process.exitCode = run.failures.length === 0 ? 0 : 1;
