import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkObject } from "../../src/index.ts";
import { ROOT } from "../../tools/bundle.ts";
import { needProgram } from "../../tools/fork/needs.ts";
import { repaired } from "../../tools/fork/repair.ts";
import { findProgram } from "../../tools/judges/toolchain.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { background, CARGO_TARGET_DIR, compilers, makeForks, tracepoints, until } from "./fork-system.ts";

/** The commands that the seed's users type, in the folder where they type them. */

const TSX = join(ROOT, "node_modules/tsx/dist/cli.mjs");
const EBPF = join(ROOT, "ebpf");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-fork-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One of the programs behind the npm scripts. */
function tool(name: string, args: readonly string[], env: Record<string, string> = {}) {
  const options = { cwd: ROOT, encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [TSX, `tools/${name}.ts`, ...args], options);
  return { status, stdout, stderr };
}

/** Runs a command that ends after some forks, and makes them. */
async function whileForking(program: string, args: readonly string[], cwd: string) {
  const running = background(program, args, { cwd, env: { ...process.env, CARGO_TARGET_DIR } });
  while (!running.hasEnded() && !running.stdout().includes("attached")) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await until(running, () => {
    makeForks(1);
    return running.hasEnded();
  });
  return running.ended;
}

const onKernel = judgeTest(compilers(), tracepoints());

onKernel("npm run start: the repaired Aya program in libbpf", async () => {
  const { code, stdout, stderr } = await whileForking("npm", ["run", "start", "--", "--", "--events", "3"], ROOT);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(stdout).toContain(
    "$ btf-fix ebpf/target/bpfel-unknown-none/debug/fork -o ebpf/target/bpfel-unknown-none/debug/fork.fixed",
  );
  expect(stdout).toMatch(/userspace-libbpf \S+\/fork\.fixed --events 3$/m);
  expect(stdout.match(/^PID_MAP\[\d+\] = \d+$/gm)).toHaveLength(3);
  expect(stdout).toMatch(/3 events, as asked for\n$/);
});

onKernel("cargo xtask run: the C program in aya, checked", async () => {
  const libraries = ["--ebpf-lib", "libbpf", "--userspace-lib", "aya"];
  const args = ["xtask", "run", ...libraries, "--runner", "nice -n 1", "--", "--events", "1"];
  const { code, stdout, stderr } = await whileForking(findProgram("cargo") ?? "cargo", args, EBPF);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(stdout).toContain("$ btf-fix check ebpf/fork-ebpf-libbpf/fork.bpf.o");
  expect(stdout).toMatch(/^\$ nice -n 1 \S*userspace-aya ebpf\/fork-ebpf-libbpf\/fork\.bpf\.o --events 1$/m);
});

onKernel("cargo xtask run: the Aya program in aya, repaired in front all the same", async () => {
  const args = ["xtask", "run", "--userspace-lib", "aya", "--release", "--", "--events", "1"];
  const { code, stdout, stderr } = await whileForking(findProgram("cargo") ?? "cargo", args, EBPF);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(stdout).toMatch(/^\$ btf-fix \S+\/release\/fork -o \S+\/release\/fork\.fixed$/m);
  expect(stdout).toMatch(/release\/userspace-aya \S+\/release\/fork\.fixed --events 1$/m);
});

test("what check finds fault with is not loaded", () => {
  expect(repaired(join(ROOT, "corpus/aya/fork.bpfel.release.o"), "libbpf")).toBeUndefined();
  const sound = join(ROOT, "corpus/c/atomics.bpfel.o");
  expect(repaired(sound, "libbpf")).toBe(sound);
});

judgeTest(compilers())("npm run build-ebpf builds both programs, of either byte order", () => {
  const { status, stdout } = tool("build-ebpf", ["--release", "--target", "bpfeb-unknown-none"]);
  expect(status).toBe(0);
  const built = stdout.split("\n").filter((line) => line.startsWith("ebpf/"));
  expect(built).toEqual(["ebpf/target/bpfeb-unknown-none/release/fork", "ebpf/fork-ebpf-libbpf/fork.bpfeb.o"]);
  // EI_DATA
  for (const file of built) expect(readFileSync(join(ROOT, file))[5]).toBe(2);
});

judgeTest(compilers())("make alone builds the C program, with the compilers that it is told", async () => {
  cpSync(join(EBPF, "fork-ebpf-libbpf"), folder, { recursive: true, filter: (file) => !/\.(o|bc)$/.test(file) });
  const variables = [`CLANG=${findProgram("clang-22")}`, `LLC=${findProgram("llc-22")}`];
  const { status, stderr } = spawnSync("make", variables, { cwd: folder, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  const object = readFileSync(join(folder, "fork.bpf.o"));
  expect((await checkObject(object)).diagnostics.filter(({ severity }) => severity !== "note")).toEqual([]);
  const missing = spawnSync("make", ["-B", "CLANG=no-such-clang"], { cwd: folder, encoding: "utf8" });
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain("no-such-clang");
});

describe("what cannot be meant is wrong usage", () => {
  const wrong: readonly (readonly [tool: string, args: readonly string[], says: string])[] = [
    [
      "build-ebpf",
      ["--target", "riscv64"],
      "build-ebpf: invalid target riscv64; use bpfel-unknown-none or bpfeb-unknown-none\n",
    ],
    ["build-ebpf", ["--ebpf-lib", "go"], "build-ebpf: invalid library go; use aya or libbpf\n"],
    ["build-ebpf", ["--", "--events"], "build-ebpf: unexpected --events\n"],
    ["start", ["--bpf-target", "x"], "start: invalid target x; use bpfel-unknown-none or bpfeb-unknown-none\n"],
    ["start", ["--userspace-lib", "c"], "start: invalid library c; use aya or libbpf\n"],
    ["start", ["--events", "3"], "start: Unknown option '--events'\n"],
    ["start", ["fork.o"], "start: Unexpected argument 'fork.o'\n"],
  ];
  test.each(wrong)("%s %j", (name, args, says) => {
    expect(tool(name, args)).toEqual({ status: 2, stdout: "", stderr: says });
  });
});

describe("a tool that is missing", () => {
  test("has its package named", () => {
    expect(tool("build-ebpf", ["--ebpf-lib", "libbpf"], { PATH: folder })).toEqual({
      status: 1,
      stdout: "",
      stderr: "build-ebpf: make is missing; apt-get install make\n",
    });
    expect(() => needProgram(["no-such-a", "no-such-b"], "apt-get install c")).toThrow(
      "no-such-a or no-such-b is missing; apt-get install c",
    );
  });

  test("may be the runner", () => {
    expect(tool("start", ["-r", "no-such-sudo -E"])).toEqual({
      status: 1,
      stdout: "",
      stderr: "start: no-such-sudo is missing; --runner names another (Debian: apt-get install no-such-sudo)\n",
    });
  });
});
