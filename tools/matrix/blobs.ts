import { kernelRules } from "../../src/rules/kernel/index.ts";
import { KERNEL_PROFILES, type KernelProfile } from "../../src/rules/kernel/profile.ts";
import { hasRule } from "../../src/rules/kernel/rule.ts";
import { type BtfLoadVerdict, kernelVerdict } from "../../src/rules/kernel/verdict.ts";
import type { BtfLoadVerdict as Answer } from "../../test/judges/kernel.ts";
import { MOST_BLOBS, machineBtfLoad } from "../../test/judges/machine.ts";
import { disagreement } from "../../test/rules/kernel/campaign.ts";
import { KIND } from "../../test/rules/kernel/draft.ts";
import { type Sample, sample } from "../../test/rules/kernel/mutate.ts";
import { Random } from "../../test/rules/kernel/random.ts";
import { realDrafts } from "../../test/rules/kernel/real.ts";
import { fittedTo } from "./fitted.ts";
import type { MatrixRelease } from "./kernels.ts";
import { withLayout } from "./layout.ts";
import { inPairs } from "./parallel.ts";
import { specialBlob } from "./special.ts";

/** Bytes for BPF_BTF_LOAD, and what made them. */
export interface MatrixBlob {
  readonly origin: string;
  readonly blob: Uint8Array;
}

/** A blob of which a kernel says other things than its profile. */
export interface MatrixDisagreement extends MatrixBlob {
  readonly what: "verdict" | "errno" | "message";
  readonly verdict: BtfLoadVerdict;
  readonly answer: Answer;
}

/** How far a kernel and its profile agree. */
export interface Agreement {
  readonly release: MatrixRelease;
  readonly profile: KernelProfile;
  /** The kernel's own name. */
  kernel: string;
  count: number;
  accepted: number;
  /** Refusals whose last line was compared. */
  messages: number;
  /** Agreed refusals by rule. */
  readonly rules: Map<string, number>;
  readonly disagreements: MatrixDisagreement[];
}

/** Nothing was asked yet. */
export function noAgreement(release: MatrixRelease, profile: KernelProfile = KERNEL_PROFILES[release]): Agreement {
  return { release, profile, kernel: "", count: 0, accepted: 0, messages: 0, rules: new Map(), disagreements: [] };
}

/** Rules of the release that none of the agreements has seen broken, though they can be. */
export function unseenRules(release: MatrixRelease, agreements: readonly Agreement[]): readonly string[] {
  const known = kernelRules.filter((rule) => hasRule(release, rule) && rule.unreachable === undefined);
  return known.map(({ id }) => id).filter((id) => !agreements.some(({ rules }) => rules.has(id)));
}

/** Asks the kernel about at most `MOST_BLOBS` blobs, in one boot, and adds what came of it. */
export async function compareBlobs(agreement: Agreement, blobs: readonly MatrixBlob[]): Promise<void> {
  const { release, profile, rules, disagreements } = agreement;
  const { kernel, answers } = await machineBtfLoad(
    release,
    blobs.map(({ blob }) => blob),
  );
  agreement.kernel = kernel;
  blobs.forEach((one, index) => {
    const answer = answers[index];
    if (answer === undefined) throw new RangeError("an answer is missing");
    const verdict = kernelVerdict(one.blob, profile);
    const what = disagreement(verdict, answer);
    agreement.count++;
    if (what !== undefined) {
      disagreements.push({ origin: one.origin, blob: one.blob, what, verdict, answer });
      return;
    }
    if (verdict.accepted) agreement.accepted++;
    if (verdict.message !== "") agreement.messages++;
    if (verdict.rule !== undefined) rules.set(verdict.rule, (rules.get(verdict.rule) ?? 0) + 1);
  });
}

/** One in so many blobs is about special fields. */
const SPECIAL_EVERY = 40;

/** Header and strings as every kernel wants them. */
const isPlain = /^(?!K[HS])/;

/**
 * Blobs of a batch for one release: as they come, but that most are fitted to an older release, and that some get a layout where the release
 * knows one. Asking for fewer kernels does not change them.
 */
export function blobsFor(release: MatrixRelease, samples: readonly Sample[], seed: number): readonly MatrixBlob[] {
  const profile = KERNEL_PROFILES[release];
  const random = new Random(seed);
  const isOld = profile.maxKind < KIND.enum64 || !profile.kindFlags.has(KIND.typeTag);
  return samples.map(({ blob, origin, draft }, index): MatrixBlob => {
    // In place of a sample that is fitted to no release.
    if (index % SPECIAL_EVERY === 0) return specialBlob(random);
    if (isOld && draft !== undefined && index % 4 !== 0) {
      return { origin: `${origin}, fitted`, blob: fittedTo(draft, profile).blob() };
    }
    if (profile.headerSize > 24 && isPlain.test(origin) && index % 8 === 0) {
      return { origin: `${origin}, with a layout`, blob: withLayout(blob, random) };
    }
    return { origin, blob };
  });
}

/** Gives `count` generated blobs to each of the kernels; the seed repeats the run. */
export async function compareGenerated(
  agreements: readonly Agreement[],
  seed: number,
  count: number,
  onBatch: (done: number) => void = () => undefined,
): Promise<void> {
  const random = new Random(seed);
  const real = realDrafts();
  for (let done = 0; done < count; ) {
    const first = done;
    const length = Math.min(MOST_BLOBS, count - done);
    const samples = Array.from({ length }, (_, index) => sample(random, real, first + index));
    await inPairs(agreements, (agreement) =>
      compareBlobs(agreement, blobsFor(agreement.release, samples, (seed + first) >>> 0)),
    );
    done += length;
    onBatch(done);
  }
}
