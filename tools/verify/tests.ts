import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../bundle.ts";
import { type StepResult, succeeds } from "./step.ts";

/** The part of vitest's JSON report (Jest's format) that is counted. */
interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

/** Runs every test and counts them; `judges` is the value of BTF_FIX_JUDGES. */
export function runTests(judges: "required" | "optional"): StepResult {
  const folder = join(ROOT, ".cache", "verify");
  const file = join(folder, "tests.json");
  mkdirSync(folder, { recursive: true });
  rmSync(file, { force: true });
  const args = ["run", "--silent", "test", "--", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const passed = succeeds("npm", args, { BTF_FIX_JUDGES: judges });
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return { outcome: "failed", detail: "vitest left no report" };
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  // A file that cannot be loaded fails the run without a failed test.
  const unseen = !(passed && report.success) && report.numFailedTests === 0 ? 1 : 0;
  const counts = { passed: report.numPassedTests, failed: report.numFailedTests + unseen, skipped };
  return {
    outcome: counts.failed === 0 ? "passed" : "failed",
    detail: `${counts.passed} passed, ${counts.failed} failed, ${skipped} skipped; judges ${judges}`,
    counts,
  };
}
