import { expect } from "vitest";
import { ayaVerdict } from "../../../src/rules/aya/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { type AyaRunName, aya14, aya16, loadWithAya } from "../../judges/aya-run.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel } from "../../judges/kernel.ts";
import { loadSeeds } from "../loaders/objects.ts";

const JUDGES = [
  { name: "aya14", version: "0.3", judge: aya14() },
  { name: "aya16", version: "0.6", judge: aya16() },
] as const satisfies readonly { name: AyaRunName; version: string; judge: unknown }[];

const FAILED = /map error: failed to create map `(.*?)`/;

for (const [turn, { name, version, judge }] of JUDGES.entries()) {
  judgeTest(judge, kernel())(`${name} creates the maps that its rules say`, async () => {
    const different: string[] = [];
    let [compared, refused] = [0, 0];
    // Each version has every fifth object.
    for (const { name: label, bytes, elf } of (await loadSeeds()).filter((_, index) => index % 5 === turn)) {
      const verdict = ayaVerdict(elf, version, KERNEL_PROFILES["6.18"]);
      if (verdict.maps.length === 0) continue;
      const run = loadWithAya(name, bytes, 20);
      if (run.outcome !== "answer") continue;
      compared++;
      const failed = FAILED.exec(run.value.error ?? "")?.[1];
      const ours = verdict.maps.filter(({ created }) => !created);
      if (failed !== undefined) refused++;
      // It creates maps in no certain order, and stops at the first that fails.
      const isSame = failed === undefined ? ours.length === 0 : ours.some((map) => failed.startsWith(map.name));
      if (isSame) continue;
      const said = ours.map((map) => `${map.name} (${map.rule}, ${map.errno})`).join(", ") || "nothing";
      different.push(`${label}: we say that it fails over ${said}; it: ${run.value.error ?? "loads"}`);
    }
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(40);
    expect(refused).toBeGreaterThan(0);
  });
}
