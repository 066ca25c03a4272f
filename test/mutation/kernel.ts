import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { KERNEL_RELEASES, type KernelRelease } from "../../src/rules/kernel/rule.ts";
import { kernelVerdict } from "../../src/rules/kernel/verdict.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import type { BtfLoadVerdict } from "../judges/kernel.ts";
import { disagreement } from "../rules/kernel/campaign.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

/** The last line of a log in which the kernel had nothing to object to: the description of a type, a member or a prototype. */
const DESCRIPTION = /(?:=\S*|\)| (?:struct|union))$/;

/** What differs, where a verdict without words must be one of which the kernel said nothing either. */
function difference(blob: Uint8Array, said: BtfLoadVerdict, release: KernelRelease): string | undefined {
  const verdict = kernelVerdict(blob, KERNEL_PROFILES[release]);
  const what = disagreement(verdict, said);
  if (what !== undefined) return `${what}: ${JSON.stringify(verdict)}, not ${JSON.stringify(said)}`;
  if (verdict.accepted || verdict.message !== "") return undefined;
  const last = said.log.trimEnd().split("\n").at(-1) ?? "";
  return last === "" || DESCRIPTION.test(last) ? undefined : `no words, but it said ${last}`;
}

export function kernelComparisons(release: KernelRelease): readonly Comparison<BtfLoadVerdict>[] {
  return [{ name: "verdict", differ: (blob, said) => difference(blob, said, release) }];
}

/** What each release said of blobs, the running kernel's first; where two say the same, one will do. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  const releases = KERNEL_RELEASES.filter((release) => JUDGES.has(release));
  return releases
    .sort((one) => (one === "6.18" ? -1 : 0))
    .flatMap((release) => replaysOf(`kernel-${release}`, answersOf, kernelComparisons(release)));
}

const JUDGES: ReadonlySet<KernelRelease> = new Set(["5.10", "6.1", "6.12", "6.18", "7.2"]);
