import type { KernelProfile } from "./profile.ts";
import { type Asked, isApplied, Subject } from "./subject.ts";
import { type BtfLoadVerdict, verdictOn } from "./verdict.ts";

/** Asks kernels about one blob. */
export type KernelJudge = (profile: KernelProfile) => BtfLoadVerdict;

/**
 * `kernelVerdict` for several releases and one blob, which is walked again only for those that may be of another mind: most blobs show
 * none of what the releases differ in. `littleEndian` as there.
 */
export function kernelJudge(blob: Uint8Array, littleEndian = true): KernelJudge {
  const known: { readonly profile: KernelProfile; readonly asked: Asked; readonly verdict: BtfLoadVerdict }[] = [];
  return (profile) => {
    const before = known.find(({ asked, profile: other }) => isOfOneMind(asked, profile, other));
    if (before !== undefined) return before.verdict;
    const subject = new Subject(blob, profile, littleEndian);
    const verdict = verdictOn(subject);
    known.push({ profile, asked: subject.asked, verdict });
    return verdict;
  };
}

/**
 * Whether two releases say the same of a blob, of which a walk for one of them has asked this: every answer decided how the walk went on, so
 * that with the same answers it goes the same way.
 */
function isOfOneMind({ facts, rules, infoBits }: Asked, one: KernelProfile, other: KernelProfile): boolean {
  const differing =
    (one.reservedInfo ^ other.reservedInfo) | (one.vlenMask ^ other.vlenMask) | ((one.kindMask ^ other.kindMask) << 24);
  if ((infoBits & differing) !== 0) return false;
  for (const fact of facts) if (one[fact] !== other[fact]) return false;
  for (const rule of rules) if (isApplied(rule, one) !== isApplied(rule, other)) return false;
  return true;
}
