import { release } from "node:os";
import { kernelRules } from "../../../src/rules/kernel/index.ts";
import { KERNEL_RELEASES, type KernelRelease } from "../../../src/rules/kernel/rule.ts";
import type { Campaign } from "./campaign.ts";

/** The release of the running kernel, or the last known one before it. */
export function runningRelease(): KernelRelease {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  const rank = (version: string): number => {
    const [a = 0, b = 0] = version.split(".").map(Number);
    return a * 1000 + b;
  };
  const known = KERNEL_RELEASES.filter((version) => rank(version) <= major * 1000 + minor);
  return known.at(-1) ?? KERNEL_RELEASES[0];
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

/** The figures of a campaign, one a line. */
export function summary(campaign: Campaign): string {
  const { count, accepted, refusedAtHeader, refusedEarly, disagreements, hits, kinds } = campaign;
  const late = count - accepted - refusedEarly - disagreements.length;
  const rarest = Math.min(...kinds.slice(1));
  const rules = kernelRules.map(({ id }) => `${id} ${hits.get(id) ?? 0}`);
  return [
    `seed ${campaign.seed}: ${count} blobs, ${disagreements.length} disagreements (${((100_000 * disagreements.length) / Math.max(1, count)).toFixed(2)} per 100,000)`,
    `accepted ${percent(accepted, count)}, refused after header and strings ${percent(late, count)}, at the header ${percent(refusedAtHeader, count)}`,
    `rarest kind in ${percent(rarest, accepted)} of the accepted`,
    `first message by rule: ${rules.join(", ")}`,
  ].join("\n");
}
