import { test } from "vitest";
import type { Judge } from "./judge.ts";

/**
 * `test` for what needs judges: `judgeTest(kernel(), libbpf17())("name", () => ...)`. Where one is missing the test is
 * skipped with the reason in its name; with BTF_FIX_JUDGES=required it fails instead.
 */
export function judgeTest(...judges: readonly Judge[]): (name: string, body: () => void | Promise<void>) => void {
  const missing = judges.filter((judge) => !judge.usable);
  return (name, body) => {
    if (missing.length === 0) {
      test(name, body);
      return;
    }
    const why = missing.map((judge) => `${judge.name}: ${judge.why}`).join("; ");
    if (process.env["BTF_FIX_JUDGES"] === "required") {
      test(name, () => {
        throw new Error(`BTF_FIX_JUDGES=required, but ${why}`);
      });
      return;
    }
    test.skip(`${name} [skipped: ${why}]`, body);
  };
}
