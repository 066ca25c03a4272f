/**
 * `npm run fuzz:kernel -- [--count N] [--programs N | --maps N [--matrix]] [--seed N]`: gives generated BTF to the running kernel and to `src/rules/kernel`, and compares
 * verdict, errno and message. A disagreement is shrunk and kept under `.cache/fuzz-kernel/`; the seed repeats the run.
 * With `--programs` so many generated programs with records instead, with `--maps` so many maps, of which but the errno is compared; with `--matrix`
 * on each kernel of the matrix, and not the running one.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { KERNEL_PROFILES } from "../src/rules/kernel/profile.ts";
import { kernelVerdict } from "../src/rules/kernel/verdict.ts";
import { kernel, kernelBtfLoad } from "../test/judges/kernel.ts";
import { answer } from "../test/judges/run.ts";
import { type Campaign, type Disagreement, runCampaign, shrink } from "../test/rules/kernel/campaign.ts";
import { draftOf } from "../test/rules/kernel/real.ts";
import { runningRelease, summary } from "../test/rules/kernel/summary.ts";
import { ROOT } from "./bundle.ts";
import { fuzzMaps, fuzzMapsOfMatrix } from "./fuzz-kernel/maps.ts";
import { fuzzPrograms, fuzzProgramsOfMatrix } from "./fuzz-kernel/programs.ts";

const FOLDER = join(ROOT, ".cache", "fuzz-kernel");

/** Shrinks the blob if its records can be read, and keeps both. */
function keep(found: Disagreement, index: number, seed: number): void {
  const profile = KERNEL_PROFILES[runningRelease()];
  let blob = found.blob;
  try {
    blob = shrink(draftOf(found.blob), profile).blob();
  } catch (error) {
    console.log(`not shrunk: ${String(error)}`);
  }
  const [said] = answer(kernelBtfLoad([blob]));
  const path = join(FOLDER, `${seed}-${index}.btf`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path, blob);
  writeFileSync(`${path}.whole`, found.blob);
  const last = (log: string): string => JSON.stringify(log.split("\n").slice(-3).join("\n"));
  console.log(`${found.what} of ${found.origin}, kept as ${path}`);
  console.log(`  kernel: ${said?.errno} ${last(said?.log ?? "")}`);
  console.log(`  ours:   ${JSON.stringify(kernelVerdict(blob, profile))}`);
}

const { values } = parseArgs({
  options: {
    count: { type: "string" },
    programs: { type: "string" },
    maps: { type: "string" },
    matrix: { type: "boolean" },
    seed: { type: "string" },
  },
});
const count = Number(values.count ?? 100_000);
const seed = Number(values.seed ?? Date.now() % 0x1_0000_0000);

const judge = kernel();
if (values.programs !== undefined && values.matrix === true) {
  process.exitCode = (await fuzzProgramsOfMatrix(seed, Number(values.programs))) ? 0 : 1;
} else if (values.maps !== undefined && values.matrix === true) {
  process.exitCode = (await fuzzMapsOfMatrix(seed, Number(values.maps))) ? 0 : 1;
} else if (!judge.usable) {
  console.log(`skipped: ${judge.why}`);
} else if (values.programs !== undefined) {
  process.exitCode = fuzzPrograms(seed, Number(values.programs)) ? 0 : 1;
} else if (values.maps !== undefined) {
  process.exitCode = fuzzMaps(seed, Number(values.maps)) ? 0 : 1;
} else {
  console.log(`kernel ${judge.version}, profile ${runningRelease()}, ${count} blobs, seed ${seed}`);
  const onBatch = (campaign: Campaign): void => {
    if (campaign.count % 100_000 === 0)
      console.log(`${campaign.count}: ${campaign.disagreements.length} disagreements`);
  };
  const campaign = runCampaign(seed, count, KERNEL_PROFILES[runningRelease()], { onBatch });
  campaign.disagreements.forEach((found, index) => {
    keep(found, index, seed);
  });
  console.log(summary(campaign));
  process.exitCode = campaign.disagreements.length === 0 ? 0 : 1;
}
