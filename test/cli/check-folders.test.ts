import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ReportedFile } from "../../src/report/json.ts";
import { bundleProgram, ROOT } from "../../tools/bundle.ts";

const FORK = join(ROOT, "corpus/aya/fork.bpfel.release.o");

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-folders-"));
  await bundleProgram(join(folder, "dist"));
  mkdirSync(join(folder, "objects/deep/er"), { recursive: true });
  mkdirSync(join(folder, "empty"));
  copyFileSync(FORK, join(folder, "objects/b"));
  copyFileSync(FORK, join(folder, "objects/deep/er/c.o"));
  writeFileSync(join(folder, "objects/a.txt"), "no object");
  writeFileSync(join(folder, "objects/short.o"), "\x7fELF");
  // Named as an object, and for another machine (EM_X86_64).
  const foreign = Buffer.alloc(64);
  foreign.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  foreign.writeUInt16LE(62, 18);
  writeFileSync(join(folder, "objects/host.o"), foreign);
  symlinkSync("..", join(folder, "objects/deep/loop"));
  symlinkSync("b", join(folder, "objects/link"));
  symlinkSync("nowhere", join(folder, "objects/gone"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function check(...args: readonly string[]): { exit: number | null; stdout: string; stderr: string } {
  const run = spawnSync(process.execPath, [join(folder, "dist/cli.cjs"), "check", ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, BTF_FIX_CACHE: "off" },
  });
  return { exit: run.status, stdout: run.stdout, stderr: run.stderr };
}

function filesOf(json: string): readonly ReportedFile[] {
  return (JSON.parse(json) as { files: ReportedFile[] }).files;
}

test("a folder stands for the objects in it and below, by name, and no link leads round in a circle", () => {
  const { exit, stdout, stderr } = check("--json", "objects");
  expect({ exit, stderr }).toEqual({ exit: 1, stderr: "" });
  expect(filesOf(stdout).map(({ file }) => file)).toEqual(["objects/b", "objects/deep/er/c.o", "objects/link"]);
  expect(stdout.indexOf("\n")).toBe(stdout.length - 1);
});

test("files and folders mix; what is named itself must be an object", () => {
  const { exit, stdout } = check("--json", "objects/a.txt", "objects/deep", FORK, "gone");
  expect(exit).toBe(5);
  const files = filesOf(stdout);
  expect(files.map(({ file }) => file)).toEqual(["objects/a.txt", "objects/deep/er/c.o", FORK, "gone"]);
  expect(files.map((file) => ("error" in file ? file.error.code : ""))).toEqual(["ELF_NOT_ELF", "", "", "IO"]);
});

test("a folder without an object is no success", () => {
  expect(check("empty")).toMatchObject({
    exit: 3,
    stderr: expect.stringContaining("there is no BPF object in this folder"),
  });
  expect(check("empty", "objects").exit).toBe(3);
});

test("the report in text names each file as it comes", () => {
  const outcomes = check("objects", "-q", "--only", "M1").stdout;
  expect(outcomes).not.toContain("a.txt");
  const lines = check("objects")
    .stdout.split("\n")
    .filter((line) => /^objects\/\S+: \d+ error/.test(line));
  expect(lines.map((line) => line.split(":")[0])).toEqual(["objects/b", "objects/deep/er/c.o", "objects/link"]);
});

test("wrong usage prints no half of a report", () => {
  expect(check("--json", "--kernel", "4.19", "objects")).toMatchObject({ exit: 2, stdout: "" });
  expect(check("--json", "--loader", "bcc", "gone", "objects")).toMatchObject({ exit: 2, stdout: "" });
  expect(check("--json", "--skip", "no/rule", "gone")).toMatchObject({ exit: 2, stdout: "" });
  expect(check("--json")).toMatchObject({ exit: 2, stdout: "" });
});

test("the kernel's own types are clean, from the file system that has no sizes", () => {
  const { exit, stdout } = check("/sys/kernel/btf/vmlinux");
  if (exit === 5) return expect(stdout).toBe("");
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^\/sys\/kernel\/btf\/vmlinux: 0 errors/);
});
