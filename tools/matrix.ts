/**
 * `npm run matrix [-- --count N] [--seed N] [--kernel X.Y]...`: boots kernels 5.10, 6.1, 6.12, 7.2 and 7.3, gives the vectors of every rule and
 * generated BTF to each, and compares verdict, errno and message with its profile. A disagreement is shrunk and kept under `.cache/matrix/`;
 * the seed repeats the run.
 */
import { parseArgs } from "node:util";
import { matrixKernel } from "../test/judges/qemu.ts";
import { type Agreement, compareBlobs, compareGenerated, noAgreement } from "./matrix/blobs.ts";
import { keepDisagreement } from "./matrix/keep.ts";
import { MATRIX_RELEASES, type MatrixRelease } from "./matrix/kernels.ts";
import { inPairs } from "./matrix/parallel.ts";
import { ruleVectors } from "./matrix/vectors.ts";

/** More say little that the first did not. */
const MOST_KEPT = 5;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Date.now() % 0x1_0000_0000) },
    kernel: { type: "string", multiple: true, default: [...MATRIX_RELEASES] },
  },
});

function line({ release, kernel, count, accepted, messages, rules, disagreements }: Agreement): string {
  const by = (what: string): number => disagreements.filter((found) => found.what === what).length;
  const disagreed = `${by("verdict")} disagreements on verdict, ${by("errno")} on errno, ${by("message")} on message`;
  return `${release} (${kernel}): ${count} blobs, ${accepted} accepted, ${messages} messages of ${rules.size} rules: ${disagreed}`;
}

async function report(agreements: readonly Agreement[], name: string): Promise<number> {
  for (const agreement of agreements) console.log(line(agreement));
  let found = 0;
  for (const { release, disagreements } of agreements) {
    found += disagreements.length;
    for (const [index, one] of disagreements.slice(0, MOST_KEPT).entries()) {
      await keepDisagreement(release, one, `${name}-${index}`);
    }
  }
  return found;
}

async function main(releases: readonly MatrixRelease[], count: number, seed: number): Promise<number> {
  const vectors = ruleVectors();
  console.log(`vectors of the rules, broken and kept: ${vectors.length} blobs`);
  const ofVectors = releases.map((release) => noAgreement(release));
  await inPairs(ofVectors, (agreement) => compareBlobs(agreement, vectors));
  const wrong = await report(ofVectors, "vector");
  console.log(`generated blobs, seed ${seed}`);
  const generated = releases.map((release) => noAgreement(release));
  const start = performance.now();
  await compareGenerated(generated, seed, count, (done) => {
    const found = generated.map(({ disagreements }) => disagreements.length).join(" + ");
    console.log(`${done} in ${((performance.now() - start) / 1000).toFixed(0)} s: ${found} disagreements`);
  });
  return wrong + (await report(generated, String(seed)));
}

const releases = MATRIX_RELEASES.filter((release) => values.kernel.includes(release));
const missing = releases.map(matrixKernel).filter(({ usable }) => !usable);
for (const { name, why } of missing) console.log(`${name}: not usable: ${why}`);
if (missing.length > 0 || releases.length === 0) process.exitCode = 1;
else process.exitCode = (await main(releases, Number(values.count), Number(values.seed))) === 0 ? 0 : 1;
