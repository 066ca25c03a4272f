import type { KernelProfile } from "../../../src/rules/kernel/profile.ts";
import { kernelReading } from "../../../src/rules/kernel/verdict.ts";
import type { MapGroup } from "./campaign.ts";
import { CASES_BTF, MAP_CASES } from "./cases.ts";

/** Maps that are vectors of one rule. */
export interface MapVectors extends MapGroup {
  readonly rule: string;
}

/** The vectors of every rule, by rule; none where the release does not take their BTF. */
export function mapVectors(profile: KernelProfile): readonly MapVectors[] {
  if (kernelReading(CASES_BTF, profile).held === undefined) return [];
  return Object.entries(MAP_CASES).map(([rule, cases]) => ({ rule, btf: CASES_BTF, maps: cases.flat() }));
}
