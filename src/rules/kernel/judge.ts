import type { KernelProfile } from "./profile.ts";
import { type Asked, isApplied, Subject } from "./subject.ts";
import { type BtfLoadVerdict, type HeldBtf, type KernelReading, readingOf } from "./verdict.ts";

/** Asks kernels about one blob. */
export interface KernelJudge {
  /** As `kernelVerdict`. */
  verdict(profile: KernelProfile): BtfLoadVerdict;
  /** What the release then holds; undefined if it refuses the blob. */
  held(profile: KernelProfile): HeldBtf | undefined;
}

/** What a walk for one release has come to, and what it asked of its profile. */
interface Walked extends KernelReading {
  readonly profile: KernelProfile;
  readonly asked: Asked;
}

/**
 * Judges one blob for several releases, and walks it again only for those that may be of another mind: most blobs show none of what the releases
 * differ in. `littleEndian` as of `kernelVerdict`.
 */
export function kernelJudge(blob: Uint8Array, littleEndian = true): KernelJudge {
  const walks: Walked[] = [];
  function walk(profile: KernelProfile): Walked {
    const subject = new Subject(blob, profile, littleEndian);
    const walked = { ...readingOf(subject), profile, asked: subject.asked };
    walks.push(walked);
    return walked;
  }
  return {
    verdict: (profile) => (walks.find((each) => isOfOneMind(each, profile)) ?? walk(profile)).verdict,
    // Not another's, which has that one's profile in it.
    held: (profile) => (walks.find((each) => each.profile === profile) ?? walk(profile)).held,
  };
}

/**
 * Whether a release says the same of the blob as the one that it was walked for: every answer of the profile decided how the walk went on, so
 * that with the same answers it goes the same way.
 */
function isOfOneMind({ profile: one, asked: { facts, rules, infoBits } }: Walked, other: KernelProfile): boolean {
  const differing =
    (one.reservedInfo ^ other.reservedInfo) | (one.vlenMask ^ other.vlenMask) | ((one.kindMask ^ other.kindMask) << 24);
  if ((infoBits & differing) !== 0) return false;
  for (const fact of facts) if (one[fact] !== other[fact]) return false;
  for (const rule of rules) if (isApplied(rule, one) !== isApplied(rule, other)) return false;
  return true;
}
