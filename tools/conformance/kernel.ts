/**
 * `npm run conformance:kernel [-- --update]`: the kernel's own tests of BTF, of Debian's source packages, which are downloaded into the
 * cache and never committed. Compares each table with our profile of its release, with the running kernel, and with `dedupBtf`; names
 * each test that differs. `--update` puts the figures into docs/conformance.md. Fails if one of our profiles
 * differs from the table of its release, or from the running kernel.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kernel } from "../../test/judges/kernel.ts";
import { ROOT } from "../bundle.ts";
import { besideKernel, besideTable } from "./kernel-tests/compare.ts";
import { TABLE_RELEASES, tableOf } from "./kernel-tests/source.ts";

const INTRO = `\`npm run conformance:kernel\` takes them from Debian's source packages when it runs, and names the tests that differ. Where a table and the running
kernel differ, the kernel is right: bits of \`info\`, the order of type tags, unique fields and the kind_flag of DECL_TAG changed between releases. One
test of each table from 7.2 on, an array whose fields overflow a count, is kept from the running kernel, which may write past its memory. Of dedup_tests
all is compared that the kernel's own test compares; the one of 6.1 is of before libbpf resolved FWDs of enums.`;

const judge = kernel();
console.log(judge.usable ? `kernel ${judge.version}` : `running kernel not asked: ${judge.why}`);
const lines: string[] = ["| source | compared | agree | of |", "| --- | --- | --- | --- |"];
let failed = false;
for (const release of TABLE_RELEASES) {
  let table: ReturnType<typeof tableOf>;
  try {
    table = tableOf(release);
  } catch (error) {
    console.log(`${release}: skipped: ${error instanceof Error ? error.message : String(error)}`);
    continue;
  }
  const all = [...besideTable(release, table.rows), ...(judge.usable ? besideKernel(table.rows) : [])];
  for (const { of, agree, count, exceptions } of all) {
    console.log(`${release} (${table.version}) ${of}: ${agree} of ${count}`);
    for (const exception of exceptions) console.log(`  ${exception}`);
    lines.push(`| ${release} (${table.version}) | ${of} | ${agree} | ${count} |`);
    if (of.includes("our profile") && agree !== count) failed = true;
  }
}
if (process.argv.includes("--update")) {
  const path = join(ROOT, "docs/conformance.md");
  const [before = ""] = readFileSync(path, "utf8").split("\n## The kernel's own tests\n");
  writeFileSync(path, `${before.trimEnd()}\n\n## The kernel's own tests\n\n${INTRO}\n\n${lines.join("\n")}\n`);
}
process.exitCode = failed ? 1 : 0;
