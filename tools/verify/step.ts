import { spawnSync } from "node:child_process";
import { ROOT } from "../bundle.ts";

/** One part of the verification. */
export interface Step {
  readonly name: string;
  run(): StepResult;
}

/** Passed, failed, or skipped with the reason. Counts are tests, for the step that runs them; other steps count as one. */
export type StepResult =
  | { readonly outcome: "passed" | "failed"; readonly detail?: string; readonly counts?: Counts }
  | { readonly outcome: "skipped"; readonly detail: string };

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A step as it was run. */
export interface StepRecord {
  readonly name: string;
  readonly seconds: number;
  readonly result: StepResult;
}

/** Runs a command in the root folder, its output shown as it comes. True if it ends with 0. */
export function succeeds(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): boolean {
  const run = spawnSync(program, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
  if (run.error !== undefined) console.error(`${program}: ${run.error.message}`);
  return run.status === 0;
}

/** A step that is one npm script. */
export function script(name: string, command: string, env: Readonly<Record<string, string>> = {}): Step {
  return { name, run: () => ({ outcome: succeeds("npm", ["run", "--silent", command], env) ? "passed" : "failed" }) };
}

/** Runs the steps in order, all of them: one that fails does not hide what the next would say. */
export function runSteps(steps: readonly Step[]): readonly StepRecord[] {
  return steps.map((step) => {
    console.log(`\n== ${step.name}`);
    const start = performance.now();
    let result: StepResult;
    try {
      result = step.run();
    } catch (error) {
      console.error(error);
      result = { outcome: "failed", detail: "threw" };
    }
    const seconds = (performance.now() - start) / 1000;
    console.log(`== ${recordText({ name: step.name, seconds, result })}`);
    return { name: step.name, seconds, result };
  });
}

/** "tests: passed in 61 s (1 of 900 skipped)". */
export function recordText({ name, seconds, result }: StepRecord): string {
  const detail = result.detail === undefined ? "" : ` (${result.detail})`;
  return `${name}: ${result.outcome} in ${seconds.toFixed(1)} s${detail}`;
}

/** The sum over all steps. */
export function totals(records: readonly StepRecord[]): Counts {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { result } of records) {
    const counts = "counts" in result ? result.counts : undefined;
    if (counts === undefined) {
      sum[result.outcome]++;
      continue;
    }
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.skipped += counts.skipped;
  }
  return sum;
}
