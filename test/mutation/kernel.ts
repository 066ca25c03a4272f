import { kernelJudge } from "../../src/rules/kernel/judge.ts";
import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { KERNEL_RELEASES, type KernelRelease } from "../../src/rules/kernel/rule.ts";
import { kernelVerdict } from "../../src/rules/kernel/verdict.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { BtfLoadVerdict } from "../judges/kernel.ts";
import { disagreement } from "../rules/kernel/campaign.ts";
import { differenceInTurn, type SaidInTurn } from "../rules/kernel/mended.ts";
import { isSilent, lastLine, placeOf } from "../rules/kernel/said.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

/** What differs, the type at fault included, where a verdict without words must be one of which the kernel said nothing either. */
function difference(blob: Uint8Array, said: BtfLoadVerdict, release: KernelRelease): string | undefined {
  const verdict = kernelVerdict(blob, KERNEL_PROFILES[release]);
  const what = disagreement(verdict, said);
  if (what !== undefined) return `${what}: ${JSON.stringify(verdict)}, not ${JSON.stringify(said)}`;
  const place = placeOf(said);
  if (place !== undefined && place !== verdict.typeId) return `type ${verdict.typeId}, not ${place}`;
  if (verdict.accepted || verdict.message !== "") return undefined;
  return isSilent(said) ? undefined : `no words, but it said ${lastLine(said)}`;
}

export function kernelComparisons(release: KernelRelease): readonly Comparison<BtfLoadVerdict>[] {
  return [{ name: "verdict", differ: (blob, said) => difference(blob, said, release) }];
}

/** What the running kernel said of blobs broken in several places, each in its turn. */
export function defectComparisons(release: KernelRelease): readonly Comparison<SaidInTurn>[] {
  return [{ name: "defects", differ: (input, said) => differenceInTurn(input, said, KERNEL_PROFILES[release]) }];
}

/** What several releases said of one blob, oldest first. */
export type SaidByAll = readonly (readonly [KernelRelease, BtfLoadVerdict])[];

/** One judge of a blob for several releases, which it is asked about in either order. */
export function sharedComparisons(): readonly Comparison<SaidByAll>[] {
  return [{ name: "shared walks", differ: differenceOfShared }];
}

function differenceOfShared(blob: Uint8Array, all: SaidByAll): string | undefined {
  for (const order of [all, all.toReversed()]) {
    const judge = kernelJudge(blob);
    for (const [release, said] of order) {
      const what = disagreement(judge.verdict(KERNEL_PROFILES[release]), said);
      if (what !== undefined) return `${what} of ${release}`;
    }
  }
  return undefined;
}

/** What each release said of blobs, the running kernel's first; where two say the same, one will do. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  const releases = KERNEL_RELEASES.filter((release) => JUDGES.has(release));
  const said = releases
    .sort((one) => (one === "6.18" ? -1 : 0))
    .flatMap((release) => replaysOf(`kernel-${release}`, answersOf, kernelComparisons(release)));
  const [release = "6.18"] = releases;
  return [
    ...said,
    ...replaysOf("kernel-releases", answersOf, sharedComparisons()),
    ...replaysOf(`kernel-defects-${release}`, answersOf, defectComparisons(release)),
  ];
}

const JUDGES: ReadonlySet<KernelRelease> = new Set(["5.10", "6.1", "6.12", "6.18", "7.2"]);
