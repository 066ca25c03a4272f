import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FACTS } from "../../src/lower/witness.ts";
import { programNames, programResults, programTable } from "../../tools/conformance/c-programs.ts";
import { BYTE_ORDERS } from "../../tools/conformance/llvm-objects.ts";

const CONFORMANCE = new URL("../../docs/conformance.md", import.meta.url);
const TABLE = new URL("../../tools/conformance/c-programs.tsv", import.meta.url);

// The judge is what LLVM wrote into the objects.
describe("own C programs", () => {
  // Fails where a program is not the same, byte for byte, with the second witness.
  const results = programNames().map(programResults);

  test("are what the table says", () => {
    // A program that begins to differ, or that no longer does, has to be looked at: npm run conformance:c -- --update.
    expect(programTable(results)).toBe(readFileSync(TABLE, "utf8"));
  });

  test.each(BYTE_ORDERS.map((order, index) => ({ order, index })))(
    "have the same .BTF from DWARF alone for $order, but for named facts",
    ({ index }) => {
      const own = results.flatMap((orders) => orders[index] ?? []);
      const identical = own.filter(({ btf }) => btf === "identical");
      expect(own.length).toBeGreaterThanOrEqual(132);
      expect(own.filter(({ btf, lacking }) => btf !== "identical" && lacking.length === 0)).toEqual([]);
      expect(own.filter(({ ext }) => ext === "differs")).toEqual([]);
      expect(identical.length / own.length).toBeGreaterThanOrEqual(0.9);
      const counts = `${own.length} of ${own.length} | ${identical.length} of ${own.length}`;
      expect(readFileSync(CONFORMANCE, "utf8")).toContain(`| ${counts} |`);
      for (const fact of FACTS) {
        const lacking = own.filter((result) => result.lacking.includes(fact)).length;
        if (lacking > 0)
          expect(readFileSync(CONFORMANCE, "utf8")).toMatch(new RegExp(`\\| \`${fact}\` \\|.*\\| ${lacking}\\b`));
      }
    },
  );
});
