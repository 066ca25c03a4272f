import { describe, expect, test } from "vitest";
import { besideKernel, besideTable } from "../../tools/conformance/kernel-tests/compare.ts";
import { hasTable, TABLE_RELEASES, tableOf } from "../../tools/conformance/kernel-tests/source.ts";
import { kernel } from "../judges/kernel.ts";

/** Tests download nothing: `npm run conformance:kernel` fills the cache. */
describe.each(TABLE_RELEASES)("the kernel's own tests of BTF, %s", (release) => {
  const uncached = hasTable(release) ? "" : " [skipped: not in the cache, npm run conformance:kernel downloads them]";
  const judge = kernel();
  const unasked = uncached === "" && !judge.usable ? ` [skipped: ${judge.why}]` : uncached;

  test.skipIf(uncached !== "")(`our profile of the release says what the table says${uncached}`, () => {
    const [profile, dedup, programs] = besideTable(release, tableOf(release).rows);
    expect(profile?.exceptions).toEqual([]);
    expect(profile?.count).toBeGreaterThan(160);
    // The table of 6.1 is of before FWDs of enums were resolved, which libbpf 1.7 does.
    expect(dedup?.exceptions.length).toBe(release === "6.1" ? 1 : 0);
    expect(dedup?.count).toBeGreaterThan(20);
    expect(programs?.exceptions).toEqual([]);
    expect(programs?.count).toBeGreaterThan(20);
  });

  test.skipIf(unasked !== "")(`the running kernel says what our profile of it says${unasked}`, () => {
    const all = besideKernel(tableOf(release).rows);
    const [running] = all;
    expect(running?.exceptions).toEqual([]);
    expect(running?.count).toBeGreaterThan(160);
    // Records of programs are judged alike by every release that has a table, so it holds for the kernel that runs.
    const programs = all.filter(({ of }) => of.startsWith("info_raw_tests"));
    expect(programs.map(({ exceptions }) => exceptions)).toEqual([[], []]);
  });
});
