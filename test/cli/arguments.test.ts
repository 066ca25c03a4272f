import { expect, test } from "vitest";
import { fixed, runIn } from "./double.ts";

test.each([
  [["fork"], "say where the result goes: -o FILE or --in-place"],
  [["-o", "out"], "name the object to repair"],
  [["a", "-o", "b", "--in-place"], "-o and --in-place exclude each other"],
  [["a", "b", "-o", "c"], "-o takes one input; use --in-place for several"],
  [["-", "--in-place"], "standard input cannot be repaired in place"],
  [["a", "-o", "b", "-q", "-v"], "-q and -v exclude each other"],
  [["a", "--frobnicate"], "Unknown option '--frobnicate'"],
  [["a", "-o"], "Option '-o, --output <value>' argument missing"],
  [["a", "-o", "b", "--format", "raw"], "--format is not an option of fix"],
  [["a", "-o", "b", "--color=mauve"], '--color takes always, never, auto; not "mauve"'],
  [["check"], "name at least one object to check"],
  [["check", "a", "--in-place"], "--in-place is not an option of check"],
  [["dump"], "dump takes one object"],
  [["dump", "a", "b"], "dump takes one object"],
  [["dump", "a", "--format", "c"], '--format takes raw, json; not "c"'],
  [["maps", "a", "--from", "hearsay"], '--from takes dwarf, btf, both; not "hearsay"'],
  [["maps", "a", "b"], "maps takes one object"],
])("%j is wrong usage and writes nothing", async (args, message) => {
  const ran = await runIn(args, { a: "a", b: "b", fork: "f" });
  expect(ran.exit).toBe(2);
  expect(ran.stderr).toContain(`btf-fix: error[USAGE]: ${message}\nusage: btf-fix `);
  expect(ran.stdout).toBe("");
  expect(ran.written).toEqual([]);
});

test("no arguments at all: the help on stderr, exit 2", async () => {
  const ran = await runIn([], {});
  expect(ran.exit).toBe(2);
  expect(ran.stderr).toContain("btf-fix IN -o OUT");
});

test("--help and --version answer on stdout for every command", async () => {
  for (const command of [[], ["check"], ["dump"], ["maps"], ["emit"]]) {
    const help = await runIn([...command, "--help"], {});
    expect(help).toMatchObject({ exit: 0, stderr: "" });
    expect(help.stdout).toContain("exit codes: 0 the result passes");
    expect(await runIn([...command, "--version"], {})).toMatchObject({ exit: 0, stdout: "btf-fix 0.1.0\n" });
  }
});

test("the version is that of package.json", async () => {
  const { default: packageJson } = await import("../../package.json", { with: { type: "json" } });
  expect((await runIn(["--version"], {})).stdout).toBe(`btf-fix ${packageJson.version}\n`);
});

test("after -- a command's name or an option's is a file", async () => {
  const seen: string[] = [];
  const fix = async (bytes: Uint8Array) => {
    seen.push(new TextDecoder().decode(bytes));
    return fixed();
  };
  await runIn(["--in-place", "--", "--color"], { "--color": "a file" }, { fix });
  expect(seen).toEqual(["a file"]);
});
