import { expect, test } from "vitest";
import type { RuleOptions } from "../../src/check.ts";
import { BtfFixError } from "../../src/errors.ts";
import { selectRules } from "../../src/rules/index.ts";
import { checked, diagnostic, runIn, verdicts } from "./double.ts";

const files = { good: "good", bad: "bad!", worse: "?" };

const check = async (bytes: Uint8Array) => {
  const text = new TextDecoder().decode(bytes);
  if (text === "?") throw new BtfFixError("BTF_TRUNCATED", "ends early", { section: ".BTF", offset: 8, length: 4 });
  return checked(text === "bad!" ? [diagnostic({ rule: "map/x", message: "is wrong" })] : []);
};

test("a clean object gives 0, findings 1, notes alone 0", async () => {
  expect(await runIn(["check", "good"], files, { check })).toMatchObject({ exit: 0, stdout: "good: 0 errors\n" });
  expect(await runIn(["check", "bad"], files, { check })).toMatchObject({
    exit: 1,
    stdout: "error[map/x]: is wrong\nbad: 1 error\n",
  });
  const note = async () => checked([diagnostic({ severity: "note" })]);
  expect(await runIn(["check", "--strict", "good"], files, { check: note })).toMatchObject({ exit: 0 });
});

test("warnings fail under --strict", async () => {
  const warning = async () => checked([diagnostic({ severity: "warning" }), diagnostic({ severity: "warning" })]);
  expect(await runIn(["check", "good", "-q"], files, { check: warning })).toMatchObject({ exit: 0, stdout: "" });
  const strict = await runIn(["check", "good", "--strict"], files, { check: warning });
  expect(strict.exit).toBe(1);
  expect(strict.stdout).toMatch(/good: 0 errors, 2 warnings\n$/);
  const quiet = await runIn(["check", "good", "--strict", "-q"], files, { check: warning });
  expect(quiet).toMatchObject({ exit: 1, stdout: "warning[btf/x]: m\n".repeat(2) });
});

test("--json lists every file, a bad one with its error, and the rest goes on", async () => {
  const ran = await runIn(["check", "--json", "good", "worse", "gone", "bad"], files, { check });
  expect(ran.exit).toBe(5);
  expect(ran.stdout.indexOf("\n")).toBe(ran.stdout.length - 1);
  expect(JSON.parse(ran.stdout)).toEqual({
    version: 1,
    files: [
      { file: "good", diagnostics: [], verdicts: verdicts(null) },
      {
        file: "worse",
        error: { code: "BTF_TRUNCATED", message: "ends early", section: ".BTF", offset: 8 },
        verdicts: { kernel: { accepted: false } },
      },
      {
        file: "gone",
        error: { code: "IO", message: "cannot read the input: no such file or directory", section: null, offset: null },
        verdicts: { kernel: { accepted: false } },
      },
      {
        file: "bad",
        diagnostics: [{ rule: "map/x", severity: "error", message: "is wrong", target: {}, answers: [] }],
        verdicts: verdicts(null),
      },
    ],
  });
});

test("colour follows the terminal, NO_COLOR and --color", async () => {
  const coloured = async (args: readonly string[], stdoutIsTty: boolean, env: Record<string, string>) =>
    (await runIn(["check", "bad", ...args], files, { check }, { stdoutIsTty, env })).stdout.includes("\x1b[");
  expect(await coloured([], false, {})).toBe(false);
  expect(await coloured([], true, {})).toBe(true);
  expect(await coloured([], true, { NO_COLOR: "1" })).toBe(false);
  expect(await coloured([], true, { NO_COLOR: "" })).toBe(true);
  expect(await coloured(["--color"], false, { NO_COLOR: "1" })).toBe(true);
  expect(await coloured(["--color=never"], true, {})).toBe(false);
});

test.each(["--only", "--skip"])(
  "%s of a rule that does not exist is wrong usage, not an object without defects",
  async (option) => {
    const engine = {
      check: async (_: Uint8Array, { only, skip }: RuleOptions) => {
        selectRules(only, skip);
        return checked();
      },
    };
    const ran = await runIn(["check", "good", option, "map/no-such-rule"], files, engine);
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toMatch(/^btf-fix: error\[USAGE\]: no rule is called "map\/no-such-rule"\nusage: btf-fix check/);
    expect(await runIn(["check", "good", option, "M2"], files, engine)).toMatchObject({ exit: 0 });
  },
);
