import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleProgram } from "../../tools/bundle.ts";

/** The real program, as `npm run build` bundles it, on real files. */
const corpus = fileURLToPath(new URL("../../corpus/aya/fork.bpfel.release.o", import.meta.url));

/** Without code kept from run to run: what is tested is this program. */
const env = { ...process.env, BTF_FIX_CACHE: "off" };

let folder = "";
let program = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-process-"));
  program = join(folder, "cli.cjs");
  await bundleProgram(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function btfFix(args: readonly string[], input?: Uint8Array) {
  const run = spawnSync(process.execPath, [program, ...args], { input, maxBuffer: 1 << 26, env });
  return { exit: run.status, stdout: run.stdout, stderr: run.stderr.toString() };
}

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The ELF identification and header of an object, with fields set. */
function elfHeader(fields: { fileClass?: number; machine?: number }): Uint8Array {
  const bytes = new Uint8Array(readFileSync(corpus));
  const view = new DataView(bytes.buffer);
  if (fields.fileClass !== undefined) view.setUint8(4, fields.fileClass);
  if (fields.machine !== undefined) view.setUint16(18, fields.machine, true);
  return bytes;
}

describe("unusable input: one line with code and place, and on stdout no more than what judges say of BTF", () => {
  test.each<[string, number, () => string]>([
    ["IO", 5, () => join(folder, "missing")],
    ["ELF_NOT_ELF", 3, () => folder],
    ["ELF_NOT_ELF", 3, () => file("empty", "")],
    ["ELF_NOT_ELF", 3, () => file("archive", "!<arch>\nfoo")],
    ["ELF_NOT_ELF", 3, () => file("text", "#!/bin/sh\n")],
    ["ELF_UNSUPPORTED", 3, () => file("elf32", elfHeader({ fileClass: 1 }))],
    ["ELF_UNSUPPORTED", 3, () => file("x86", elfHeader({ machine: 62 }))],
    ["ELF_TRUNCATED", 3, () => file("short", elfHeader({}).subarray(0, 40))],
    ["BTF_TRUNCATED", 3, () => file("btf", new Uint8Array([0x9f, 0xeb, 1, 0, 24, 0]))],
  ])("%s gives %i", (code, exit, make) => {
    const path = make();
    for (const args of [
      ["dump", path],
      ["maps", path],
      ["check", path],
      [path, "-o", join(folder, "never")],
    ]) {
      const ran = btfFix(args);
      expect(ran.stderr).toMatch(new RegExp(`^[^\\n]*: error\\[${code}\\]: [^\\n]+\\n$`));
      const asksJudges = args[0] === "check" && code.startsWith("BTF");
      expect([
        ran.exit,
        ran.stdout.toString().replace(/^error\[kernel\/kh-\d+\]: .*\n(?: {2}= .*\n)+/, "JUDGES"),
      ]).toEqual([exit, asksJudges ? "JUDGES" : ""]);
    }
    expect(readdirSync(folder)).not.toContain("never");
  });
});

test.skipIf(process.getuid?.() === 0)("an unreadable file is an I/O error", () => {
  const path = file("secret", "x");
  chmodSync(path, 0);
  expect(btfFix(["check", path]).exit).toBe(5);
});

test("an endless device is cut off at the size limit", () => {
  const ran = btfFix(["dump", "/dev/zero"]);
  expect(ran.exit).toBe(3);
  expect(ran.stderr).toContain("error[LIMIT_EXCEEDED]: the file is larger than 256 MiB");
});

test("standard input is read to its end, even when it comes in pieces", async () => {
  const bytes = readFileSync(corpus);
  const whole = btfFix(["dump", corpus]).stdout;
  expect(btfFix(["dump", "-"], bytes).stdout.equals(whole)).toBe(true);
  const child = spawn(process.execPath, [program, "dump", "-"], { stdio: ["pipe", "pipe", "inherit"] });
  const out: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => out.push(data));
  for (let at = 0; at < bytes.length; at += 20_000) {
    child.stdin.write(bytes.subarray(at, at + 20_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.stdin.end();
  await new Promise((resolve) => child.on("close", resolve));
  expect(Buffer.concat(out).equals(whole)).toBe(true);
});

test("a reader that has enough is no error", () => {
  const run = spawnSync("sh", ["-c", `"${process.execPath}" "${program}" dump "${corpus}" | head -n 1`], {
    encoding: "utf8",
  });
  expect([run.stdout.split("\n").length, run.stderr]).toEqual([2, ""]);
});

test("a closed standard output does not crash", () => {
  const run = spawnSync("sh", ["-c", `"${process.execPath}" "${program}" dump "${corpus}" >&-`], { encoding: "utf8" });
  expect(run.stderr).not.toContain("at ");
});

test("the size of the input folder's content does not change: no file is left by any of this", () => {
  mkdirSync(join(folder, "out"));
  btfFix([corpus, "-o", join(folder, "out")]);
  expect(readdirSync(join(folder, "out"))).toEqual([]);
});
