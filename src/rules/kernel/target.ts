import { BtfFixError } from "../../errors.ts";
import { KERNEL_PROFILES, type KernelProfile } from "./profile.ts";
import { KERNEL_RELEASES, type KernelRelease } from "./rule.ts";

/** The kernels that an object is meant for. */
export interface KernelTarget {
  /** As the user calls it, and whose rules hold if its own are not known: "6.12", "6.15 (by the rules of 6.12 and 6.18)"; "5.10+" for all. */
  readonly name: string;
  /** The releases whose rules hold, oldest first: one, or the two around a release that is not known, or all. */
  readonly profiles: readonly KernelProfile[];
  /** Whether all known releases are meant, so that those count from which on the object loads. */
  readonly isEvery: boolean;
}

const profilesOf = (releases: readonly KernelRelease[]): readonly KernelProfile[] =>
  releases.map((release) => KERNEL_PROFILES[release]);

/** Every release that is known. */
export const ALL_KERNELS: KernelTarget = {
  name: `${KERNEL_RELEASES[0]}+`,
  profiles: profilesOf(KERNEL_RELEASES),
  isEvery: true,
};

/** Major and minor number as one that orders. */
function ordinal(release: string): number | undefined {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})(?:[.-].*)?$/.exec(release) ?? [];
  return major === undefined ? undefined : Number(major) * 1000 + Number(minor);
}

/**
 * The kernel of a release such as "6.12" or "6.12.117". Errors: USAGE for text that is no release, and for those before 5.10, whose
 * rules nobody has compared with a kernel.
 */
export function kernelTarget(text: string): KernelTarget {
  const wanted = ordinal(text);
  if (wanted === undefined) throw new BtfFixError("USAGE", `"${text}" is no kernel release; write one as 6.12`);
  const known = KERNEL_RELEASES.map((release) => ({ release, at: ordinal(release) ?? 0 }));
  const before = known.findLast(({ at }) => at <= wanted);
  if (before === undefined) {
    throw new BtfFixError("USAGE", `the rules of kernels before ${KERNEL_RELEASES[0]} are not known; ${text} is one`);
  }
  const named = (name: string, ...releases: KernelRelease[]): KernelTarget => ({
    name,
    profiles: profilesOf(releases),
    isEvery: false,
  });
  if (before.at === wanted) return named(text, before.release);
  const after = known.find(({ at }) => at > wanted);
  if (after === undefined) return named(`${text} (by the rules of ${before.release}, the last known)`, before.release);
  // What either refuses counts as refused.
  return named(`${text} (by the rules of ${before.release} and ${after.release})`, before.release, after.release);
}
