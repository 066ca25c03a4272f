/**
 * `npm run matrix [-- --count N] [--seed N] [--kernel X.Y]... [--objects] [--update]`: boots kernels 5.10, 6.1, 6.12, 7.2 and 7.3, gives the
 * vectors of every rule and generated BTF to each, and compares verdict, errno and message with its profile. A disagreement is shrunk and kept
 * under `.cache/matrix/`; the seed repeats the run. `--objects` also loads every object of the corpus, fixed; `--update` does, and writes
 * docs/kernels.md. `--refresh` downloads the newest kernels first.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { matrixKernel } from "../test/judges/qemu.ts";
import { ROOT } from "./bundle.ts";
import { type Agreement, compareBlobs, compareGenerated, noAgreement, unseenRules } from "./matrix/blobs.ts";
import { ensureKernels } from "./matrix/download.ts";
import { keepDisagreement } from "./matrix/keep.ts";
import { MATRIX_RELEASES, type MatrixRelease } from "./matrix/kernels.ts";
import { ENDINGS, fixedObjects, judgeObjects, type ObjectVerdict } from "./matrix/objects.ts";
import { type KernelRecord, kernelsPage } from "./matrix/page.ts";
import { inPairs } from "./matrix/parallel.ts";
import { ruleVectors } from "./matrix/vectors.ts";

/** More say little that the first did not. */
const MOST_KEPT = 5;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Date.now() % 0x1_0000_0000) },
    kernel: { type: "string", multiple: true, default: [...MATRIX_RELEASES] },
    objects: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
    refresh: { type: "boolean", default: false },
  },
});

function agreementLine({ release, kernel, count, accepted, messages, rules, disagreements }: Agreement): string {
  const by = (what: string): number => disagreements.filter((found) => found.what === what).length;
  const disagreed = `${by("verdict")} disagreements on verdict, ${by("errno")} on errno, ${by("message")} on message`;
  return `${release} (${kernel}): ${count} blobs, ${accepted} accepted, ${messages} messages of ${rules.size} rules: ${disagreed}`;
}

/** Prints what came of the blobs; the number of disagreements. */
async function report(agreements: readonly Agreement[], name: string): Promise<number> {
  for (const agreement of agreements) console.log(agreementLine(agreement));
  for (const { release, disagreements } of agreements) {
    for (const [index, one] of disagreements.slice(0, MOST_KEPT).entries()) {
      await keepDisagreement(release, one, `${name}-${index}`);
    }
  }
  return agreements.reduce((sum, { disagreements }) => sum + disagreements.length, 0);
}

async function askVectors(releases: readonly MatrixRelease[]): Promise<readonly Agreement[]> {
  const vectors = ruleVectors();
  console.log(`vectors of the rules, broken and kept: ${vectors.length} blobs`);
  const agreements = releases.map((release) => noAgreement(release));
  await inPairs(agreements, (agreement) => compareBlobs(agreement, vectors));
  return agreements;
}

async function askGenerated(
  releases: readonly MatrixRelease[],
  count: number,
  seed: number,
): Promise<readonly Agreement[]> {
  console.log(`generated blobs, seed ${seed}`);
  const agreements = releases.map((release) => noAgreement(release));
  const start = performance.now();
  await compareGenerated(agreements, seed, count, (done) => {
    const found = agreements.map(({ disagreements }) => disagreements.length).join(" + ");
    console.log(`${done} in ${((performance.now() - start) / 1000).toFixed(0)} s: ${found} disagreements`);
  });
  return agreements;
}

/** Prints objects that do not come as far as here. */
function sayObjects(release: MatrixRelease, verdicts: readonly ObjectVerdict[]): void {
  const counts = ENDINGS.map((ending) => `${verdicts.filter((one) => one.ending === ending).length} ${ending}`);
  console.log(`${release}: of ${verdicts.length} objects ${counts.join(", ")}`);
  for (const { name, ending, said, wrong } of verdicts) {
    if (ending !== "fine") console.log(`  ${ending}: ${name}: ${said}`);
    if (wrong !== "") console.log(`! ${name}: ${wrong}`);
  }
}

async function askObjects(releases: readonly MatrixRelease[]): Promise<readonly (readonly ObjectVerdict[])[]> {
  console.log("objects of the corpus, fixed and loaded by libbpf 1.7");
  const objects = await fixedObjects();
  const verdicts = await inPairs(releases, (release) => judgeObjects(release, objects));
  releases.forEach((release, index) => {
    sayObjects(release, verdicts[index] ?? []);
  });
  return verdicts;
}

/** The number of things that are otherwise than the profiles say. */
async function main(releases: readonly MatrixRelease[], count: number, seed: number): Promise<number> {
  const vectors = await askVectors(releases);
  let wrong = await report(vectors, "vector");
  const generated = await askGenerated(releases, count, seed);
  wrong += await report(generated, String(seed));
  releases.forEach((release, index) => {
    const unseen = unseenRules(
      release,
      [vectors[index], generated[index]].flatMap((one) => one ?? []),
    );
    console.log(
      `${release}: ${unseen.length === 0 ? "every rule was seen broken" : `never seen: ${unseen.join(", ")}`}`,
    );
  });
  if (!values.objects && !values.update) return wrong;
  const objects = await askObjects(releases);
  wrong += objects.flat().filter((verdict) => verdict.wrong !== "").length;
  if (!values.update) return wrong;
  const records = releases.flatMap((release, index): readonly KernelRecord[] => {
    const [ofVectors, ofGenerated, ofObjects] = [vectors[index], generated[index], objects[index]];
    if (ofVectors === undefined || ofGenerated === undefined || ofObjects === undefined) return [];
    return [{ release, vectors: ofVectors, generated: ofGenerated, objects: ofObjects }];
  });
  writeFileSync(join(ROOT, "docs", "kernels.md"), kernelsPage(records, seed));
  return wrong;
}

if (values.refresh) ensureKernels((line) => console.log(line), true);
const releases = MATRIX_RELEASES.filter((release) => values.kernel.includes(release));
const missing = releases.map(matrixKernel).filter(({ usable }) => !usable);
for (const { name, why } of missing) console.log(`${name}: not usable: ${why}`);
if (missing.length > 0 || releases.length === 0) process.exitCode = 1;
else process.exitCode = (await main(releases, Number(values.count), Number(values.seed))) === 0 ? 0 : 1;
