/**
 * `npm run conformance:c [-- --update]`: our own C programs of `corpus/c`, regenerated from DWARF and compared with what LLVM wrote. All must be
 * identical with the second witness; what DWARF alone gives, and for want of which fact, stands in `c-programs.tsv`, which --update writes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type ProgramResult, programNames, programResults, programTable } from "./c-programs.ts";
import { BYTE_ORDERS } from "./llvm-objects.ts";

const TABLE = new URL("c-programs.tsv", import.meta.url);

const results = programNames().map(programResults);
const table = programTable(results);
for (const [index, order] of BYTE_ORDERS.entries()) {
  const own = results.flatMap((orders) => orders[index] ?? []);
  const count = (is: (result: ProgramResult) => boolean): number => own.filter(is).length;
  const lacking = new Map<string, number>();
  for (const result of own) {
    if (result.btf === "identical") continue;
    const cause = result.lacking.join(" and ");
    lacking.set(cause, (lacking.get(cause) ?? 0) + 1);
  }
  const causes = [...lacking].map(([cause, times]) => `${times} ${cause}`).join(", ");
  console.log(
    `${order}: ${own.length} identical with the second witness; from DWARF alone .BTF ${count(({ btf }) => btf === "identical")}, ` +
      `${count(({ btf }) => btf === "order")} differ in order, lacking: ${causes}; .BTF.ext ${count(({ ext }) => ext === "identical")}, ` +
      `${count(({ ext }) => ext === "repeats")} but for repeated lines`,
  );
}
if (process.argv.includes("--update")) writeFileSync(TABLE, table);
else if (readFileSync(TABLE, "utf8") !== table) {
  console.error("c-programs.tsv says something else; look at the difference, then run with --update");
  process.exitCode = 1;
}
