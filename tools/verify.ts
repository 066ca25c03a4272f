/**
 * `npm run verify`: everything that must hold before a change lands, in one run. Installs the judges where it can, rebuilds the wasm
 * module and the objects, checks types and style, runs all tests, the scoreboard and the README's examples. The last line counts.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildRecord, toolVersions } from "./build-wasm.ts";
import { ROOT } from "./bundle.ts";
import { findToolchain } from "./corpus/toolchain.ts";
import { recordText, runSteps, type Step, script, succeeds, totals } from "./verify/step.ts";
import { runTests } from "./verify/tests.ts";

/** Debian 12 or newer as root: there every judge can be installed and the kernel asked. */
function canHaveJudges(): boolean {
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) return false;
  const version = readFileSync("/etc/debian_version", "utf8").trim();
  return !/^\d/.test(version) || Number.parseInt(version, 10) >= 12;
}

/** The last step that may install something: from here on BTF_FIX_JUDGES says what tests may ask for. */
const judges: Step = {
  name: "judges",
  run() {
    if (!canHaveJudges()) {
      succeeds("npm", ["run", "--silent", "judges"]);
      return { outcome: "skipped", detail: "optional here: not root on Debian 12 or newer" };
    }
    if (succeeds("npm", ["run", "--silent", "judges"], { BTF_FIX_JUDGES: "required" })) return { outcome: "passed" };
    return { outcome: "failed", detail: "not all judges are usable (see above)" };
  },
};

const wasm: Step = {
  name: "wasm",
  run() {
    const record = join(ROOT, "wasm/BUILD.json");
    const before = readFileSync(record, "utf8");
    const committed = JSON.parse(before) as BuildRecord;
    const here = toolVersions();
    if ("missing" in here) return { outcome: "skipped", detail: `${here.missing} missing` };
    const other = (["rustc", "lld", "gimli"] as const).find((tool) => here[tool] !== committed[tool]);
    if (other !== undefined) {
      return {
        outcome: "skipped",
        detail: `${other} is "${here[other]}", the module was built with "${committed[other]}"`,
      };
    }
    if (!succeeds("npm", ["run", "--silent", "build:wasm"])) return { outcome: "failed" };
    const same = readFileSync(record, "utf8") === before;
    return same ? { outcome: "passed" } : { outcome: "failed", detail: "the rebuilt module has another digest" };
  },
};

const objects: Step = {
  name: "objects",
  run() {
    const probe = findToolchain();
    if ("missing" in probe) return { outcome: "skipped", detail: `${probe.missing} missing` };
    return { outcome: succeeds("npm", ["run", "--silent", "corpus"]) ? "passed" : "failed" };
  },
};

const tests: Step = { name: "tests", run: () => runTests(canHaveJudges() ? "required" : "optional") };

const scoreboard: Step = {
  name: "scoreboard",
  run() {
    if (!canHaveJudges()) return { outcome: "skipped", detail: "needs the judges" };
    return { outcome: succeeds("npm", ["run", "--silent", "scoreboard"]) ? "passed" : "failed" };
  },
};

const readme: Step = {
  name: "README",
  run: () => ({ outcome: succeeds("npx", ["tsx", "tools/readme.ts"]) ? "passed" : "failed" }),
};

const records = runSteps([
  judges,
  wasm,
  script("build", "build"),
  objects,
  script("types", "typecheck"),
  script("lint", "lint"),
  tests,
  scoreboard,
  readme,
]);

console.log("");
for (const record of records) console.log(recordText(record));
const { passed, failed, skipped } = totals(records);
process.exitCode = failed === 0 ? 0 : 1;
// CI reads this line; nothing may follow it.
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
