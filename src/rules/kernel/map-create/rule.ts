import { hasRule, type KernelRelease, type KernelRule, kernelRule } from "../rule.ts";
import type { MapAttributes } from "./attributes.ts";

/** A rule of BPF_MAP_CREATE, which up to 6.18 says nothing; the words of later kernels go only to those who ask for them. */
export function mapRule(id: string, title: string, source: string, more: Partial<KernelRule> = {}): KernelRule {
  return kernelRule(id, title, source.includes("/") ? source : `kernel/bpf/${source}`, [], more);
}

/** One look at the attributes of a map, in some releases. */
export interface Check {
  readonly rule: KernelRule;
  /** What the call returns, where it is not what the rule says. */
  readonly errno: number;
  readonly since?: KernelRelease;
  readonly until?: KernelRelease;
  readonly isBroken: (map: MapAttributes) => boolean;
}

/** A check of a rule, in every release that has the rule. */
export function check(
  rule: KernelRule,
  isBroken: (map: MapAttributes) => boolean,
  more: Partial<Omit<Check, "rule" | "isBroken">> = {},
): Check {
  return { rule, errno: rule.errno, isBroken, ...more };
}

/** Whether a release has the check. */
export function hasCheck(release: KernelRelease, check: Check): boolean {
  return hasRule(release, check.rule) && hasRule(release, check);
}
