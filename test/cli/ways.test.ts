import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emitObject } from "../../src/emit.ts";
import { fixObject } from "../../src/fix.ts";
import { bundleProgram } from "../../tools/bundle.ts";

/** `start.ts` chooses one of four programs by the words of the command line: whichever it is, it must have the command. */
const corpus = fileURLToPath(new URL("../../corpus/aya/fork.bpfel.release.o", import.meta.url));

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-ways-"));
  await bundleProgram(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function btfFix(...args: readonly string[]) {
  const env = { ...process.env, BTF_FIX_CACHE: "off" };
  const run = spawnSync(process.execPath, [join(folder, "cli.cjs"), ...args], { cwd: folder, encoding: "utf8", env });
  return { exit: run.status, stdout: run.stdout, stderr: run.stderr };
}

describe("what a command line asks for is done", () => {
  const object = new Uint8Array(readFileSync(corpus));
  const emitted = (options: Parameters<typeof emitObject>[1]) => emitObject(object, options);
  const repaired = async (): Promise<Uint8Array> => (await fixObject(object)).bytes;
  test.each<[string, readonly string[], () => Promise<Uint8Array>]>([
    ["repair", [corpus, "-q", "-o", "out"], repaired],
    ["repair, options first", ["-q", "-o", "out", corpus], repaired],
    ["repair with its plan", [corpus, "-q", "-o", "out", "--plan=json"], repaired],
    ["emit", ["emit", corpus, "-o", "out"], () => emitted({})],
    ["emit, options first", ["-o", "out", "emit", "--from", "dwarf", corpus], () => emitted({ from: "dwarf" })],
    ["emit in the rust dialect", ["emit", corpus, "-o", "out", "--rust"], () => emitted({ dialect: "rust" })],
  ])("%s", async (_, args, expected) => {
    expect(btfFix(...args)).toMatchObject({ exit: 0, stderr: "" });
    expect(readFileSync(join(folder, "out")).equals(await expected())).toBe(true);
    rmSync(join(folder, "out"));
  });

  test.each<[readonly string[], number, string]>([
    [["check", corpus, "-q"], 1, "error["],
    [["-q", "check", corpus], 1, "error["],
    [["check", corpus, "--kernel", "6.12", "--loader", "cilium,aya@0.3", "--json"], 0, '"verdicts"'],
    [["check", "--help"], 0, "btf-fix repairs"],
    [["dump", corpus], 0, "[1] "],
    [["maps", corpus], 0, "PID_MAP"],
    [["diff", corpus, corpus], 0, ""],
    [["--help"], 0, "btf-fix repairs"],
    [["emit", "--help"], 0, "btf-fix repairs"],
    [[corpus, "--version"], 0, "btf-fix "],
  ])("%j", (args, exit, text) => {
    const ran = btfFix(...args);
    expect([ran.exit, ran.stderr, ran.stdout.includes(text)]).toEqual([exit, "", true]);
  });
});
