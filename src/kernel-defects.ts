import type { KernelProfile } from "./rules/kernel/profile.ts";
import { type BtfLoadVerdict, kernelVerdict } from "./rules/kernel/verdict.ts";

/** So many different rules are broken by nothing but noise. */
const MAX_DEFECTS = 16;

/**
 * Of a blob with such a defect nothing more can be said: it cannot be taken apart (header, strings, records), or types lead round in circles
 * (resolution, a struct in itself, special fields), where the rule is what ends the walk.
 */
const FATAL = /^(?:K[HSTRZ]-|KM-08$)/;

/**
 * Every rule that a blob breaks, as the kernel would say of the first place of each, in its order: what it finds fault with first, then what it
 * would find if it let that pass. Empty if the kernel takes the blob.
 */
export function kernelDefects(
  blob: Uint8Array,
  profile: KernelProfile,
  littleEndian: boolean,
): readonly BtfLoadVerdict[] {
  const defects: BtfLoadVerdict[] = [];
  const without = new Set(profile.without);
  for (let rules = 0; rules < MAX_DEFECTS; rules++) {
    const verdict = kernelVerdict(blob, { ...profile, without }, littleEndian);
    const { accepted, rule, typeId } = verdict;
    if (accepted || rule === undefined || without.has(rule)) break;
    // What else is wrong with a type may be for the same reason.
    if (typeId === undefined || !defects.some((known) => known.typeId === typeId)) defects.push(verdict);
    if (FATAL.test(rule)) break;
    without.add(rule);
  }
  return defects;
}
