import { release as runningKernel } from "node:os";
import { basename } from "node:path";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { KERNEL_RELEASES, type KernelRelease } from "../../src/rules/kernel/rule.ts";
import { kernelVerdict } from "../../src/rules/kernel/verdict.ts";
import { type BtfLoadVerdict, kernelBtfLoad } from "../../test/judges/kernel.ts";
import { machineBtfLoad } from "../../test/judges/machine.ts";
import { answer } from "../../test/judges/run.ts";
import { defectComparisons, kernelComparisons, type SaidByAll, sharedComparisons } from "../../test/mutation/kernel.ts";
import { edgeBlobs } from "../../test/rules/kernel/edges.ts";
import { packed, type SaidInTurn, saidInTurn } from "../../test/rules/kernel/mended.ts";
import { sample } from "../../test/rules/kernel/mutate.ts";
import { Random } from "../../test/rules/kernel/random.ts";
import { realDrafts } from "../../test/rules/kernel/real.ts";
import { severallyBroken } from "../../test/rules/kernel/several.ts";
import { circlesBroken } from "../../test/rules/kernel/several-circles.ts";
import { specialBroken } from "../../test/rules/kernel/several-special.ts";
import { runningRelease } from "../../test/rules/kernel/summary.ts";
import { judgeFolder } from "../judges/cache.ts";
import { blobsFor } from "../matrix/blobs.ts";
import { MATRIX_RELEASES, storedKernel } from "../matrix/kernels.ts";
import { ruleVectors } from "../matrix/vectors.ts";
import { answersOf, type Question, record, summary } from "./answers.ts";

/** Generated blobs of either age beside the vectors of the rules. */
const GENERATED = 1200;

/** Blobs broken in several places, of each sort: types of all kinds, structs with special fields, circles and chains. */
const BROKEN = 200;

/** More is read by no test; the log of a blob without fault may be long. */
const LOG_TAIL = 4096;

/** What is too long to be kept; the unit tests have it. */
const LONGEST = 1 << 20;

/** Vectors of all rules, what lies at an edge, and blobs that were made for the newest kernel and for the oldest; those that break the same rule are one group. */
function questions(release: KernelRelease): readonly Question[] {
  const real = realDrafts();
  const generated = (["7.2", "5.10"] as const).flatMap((like, index) => {
    const random = new Random(index);
    return blobsFor(
      like,
      Array.from({ length: GENERATED }, (_, number) => sample(random, real, number)),
      index,
    );
  });
  return [...ruleVectors(), ...edgeBlobs(), ...generated]
    .filter(({ blob }) => blob.length <= LONGEST)
    .map(({ blob }) => ({ group: kernelVerdict(blob, KERNEL_PROFILES[release]).rule ?? "accepted", input: blob }));
}

const lastLines = ({ errno, log }: BtfLoadVerdict): BtfLoadVerdict => ({ errno, log: log.slice(-LOG_TAIL) });

/** Asks the running kernel and those of the matrix about the vectors of all rules and as many generated blobs. */
export async function recordKernels(): Promise<void> {
  const driver = basename(judgeFolder("kernel"));
  const running = runningRelease();
  const all: readonly KernelRelease[] = [running, ...MATRIX_RELEASES];
  for (const release of all) {
    const machine = MATRIX_RELEASES.find((known) => known === release && known !== running);
    const kernel = machine === undefined ? runningKernel() : storedKernel(machine)?.sha256;
    const ask = async (blobs: readonly Uint8Array[]): Promise<readonly BtfLoadVerdict[]> => {
      const said =
        machine === undefined ? answer(kernelBtfLoad(blobs, 300)) : (await machineBtfLoad(machine, blobs)).answers;
      return said.map(lastLines);
    };
    const name = `kernel-${release}`;
    const said = await record(
      name,
      `${kernel} ${driver}`,
      questions(release),
      ask,
      kernelComparisons(release),
      release === running ? undefined : saysMoreThan(running),
    );
    console.log(summary(name, said));
  }
  const judge = `${runningKernel()} ${driver}`;
  await recordShared(all, judge);
  await recordDefects(running, judge);
}

const keyOf = (blob: Uint8Array): string => Buffer.from(blob).toString("latin1");

const lastWords = (said: BtfLoadVerdict | undefined): string | undefined => said?.log.trimEnd().split("\n").at(-1);

/** Puts together what all releases have said of some of the blobs on which they differ. */
async function recordShared(all: readonly KernelRelease[], judge: string): Promise<void> {
  const releases = all.toSorted((one, other) => KERNEL_RELEASES.indexOf(one) - KERNEL_RELEASES.indexOf(other));
  const answers = releases.map((release) => answersOf<BtfLoadVerdict>(`kernel-${release}`));
  const byBlob = answers.map((some) => new Map(some.map(({ input, answer }) => [keyOf(input), answer])));
  const saidOf = (blob: Uint8Array): SaidByAll =>
    releases.flatMap((release, index) => {
      const said = byBlob[index]?.get(keyOf(blob));
      return said === undefined ? [] : [[release, said] as const];
    });
  const differing = (answers[0] ?? [])
    .map(({ input }) => input)
    .filter((blob) => new Set(saidOf(blob).map(([, said]) => `${said.errno} ${lastWords(said)}`)).size > 1);
  const asked = differing
    .filter((_, index) => index % SAMPLED === 0)
    .map((input): Question => ({ group: "several", input }));
  const said = await record("kernel-releases", judge, asked, (blobs) => blobs.map(saidOf), sharedComparisons());
  console.log(summary("kernel-releases", said));
}

/** Asks the running kernel about blobs broken in several places, as often as there are places. */
async function recordDefects(release: KernelRelease, judge: string): Promise<void> {
  const random = new Random(3);
  const asked = Array.from({ length: BROKEN }, () => [
    { group: "types", input: packed(severallyBroken(random, 10)) },
    { group: "special fields", input: packed(specialBroken(random)) },
    { group: "circles", input: packed(circlesBroken(random)) },
  ]).flat();
  const ask = async (inputs: readonly Uint8Array[]): Promise<readonly SaidInTurn[]> => {
    const said = await saidInTurn(inputs, (blobs) => answer(kernelBtfLoad(blobs, 120)));
    return said.map((one) => one.map(lastLines));
  };
  const name = `kernel-defects-${release}`;
  console.log(summary(name, await record(name, judge, asked, ask, defectComparisons(release))));
}

/** What another release says is worth a comparison where it is something else; of the rest a sample will do. */
function saysMoreThan(other: KernelRelease): (blob: Uint8Array, said: BtfLoadVerdict) => boolean {
  const known = new Map(
    answersOf<BtfLoadVerdict>(`kernel-${other}`).map(({ input, answer }) => [keyOf(input), answer]),
  );
  let count = 0;
  return (blob, said) => {
    const otherwise = known.get(keyOf(blob));
    const isNew = otherwise?.errno !== said.errno || (said.errno !== 0 && lastWords(otherwise) !== lastWords(said));
    return isNew || count++ % SAMPLED === 0;
  };
}

const SAMPLED = 20;
