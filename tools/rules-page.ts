/** `tsx tools/rules-page.ts [--update]`: compares docs/rules.md with what the rules say; `--update` writes it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allExplained } from "../src/explain.ts";
import { rulesPage } from "../src/report/explain.ts";
import { ROOT } from "./bundle.ts";

const file = join(ROOT, "docs/rules.md");
const page = rulesPage(allExplained());
if (process.argv.includes("--update")) writeFileSync(file, page);
else if (!existsSync(file) || readFileSync(file, "utf8") !== page) {
  console.error("docs/rules.md is not what the rules say; `npx tsx tools/rules-page.ts --update` writes it.");
  process.exitCode = 1;
}
