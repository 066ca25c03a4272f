import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { checkObject } from "../../../src/check.ts";
import { bundleProgram, ROOT } from "../../../tools/bundle.ts";
import { buildObject, EXIT, move } from "../../object.ts";

const FORK = join(ROOT, "corpus/aya/fork.bpfel.release.o");

let folder: string;
let program: string;

/** An executable script that stands in for bpf-linker; `$out` is the output that it was called with. */
function linker(name: string, body: string): string {
  const path = join(folder, name);
  const findOutput = 'for a in "$@"; do [ "$p" = -o ] && out=$a; p=$a; done';
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" > "${path}.args"\n${findOutput}\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

function wrap(args: readonly string[], linkerPath: string, env: Record<string, string> = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "", BTF_FIX_CACHE: "off", BTF_FIX_LINKER: linkerPath, ...env },
  });
}

/** Errors that are left in a file. */
async function errors(path: string): Promise<number> {
  const { diagnostics } = await checkObject(readFileSync(join(folder, path)));
  return diagnostics.filter(({ severity }) => severity === "error").length;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-linker-"));
  mkdirSync(join(folder, "dist"));
  await bundleProgram(join(folder, "dist"));
  program = join(folder, "dist/linker.cjs");
});

describe("btf-fix-linker", () => {
  test("repairs what the linker wrote, and says nothing of it", async () => {
    const path = linker("good", `cp "${FORK}" "$out"`);
    copyFileSync(FORK, join(folder, "raw.o"));
    expect(await errors("raw.o")).toBeGreaterThan(0);
    const { status, stdout, stderr } = wrap(["-o", "out.o", "x.o"], path);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(readFileSync(`${path}.args`, "utf8")).toBe("--btf\n-o\nout.o\nx.o\n");
    expect(await errors("out.o")).toBe(0);
  });

  test.each(["-dash.o", "with space.o", 'it\'s "q".o', "new\nline.o", "größe.o"])(
    "takes the output %j",
    async (name) => {
      const path = linker("names", `cp "${FORK}" "./$out"`);
      expect(wrap(["--btf", "-o", name], path)).toMatchObject({ status: 0, stderr: "" });
      expect(await errors(name)).toBe(0);
    },
  );

  test("refuses a name that is no UTF-8, by name, and calls no linker", () => {
    const path = linker("uncalled", "exit 0");
    const script = join(folder, "call.sh");
    writeFileSync(script, Buffer.from(`"$1" "$2" -o 'f\xffo.o'\n`, "latin1"));
    const { status, stderr } = spawnSync("sh", [script, process.execPath, program], {
      encoding: "utf8",
      env: { BTF_FIX_LINKER: path },
    });
    expect(status).toBe(1);
    expect(stderr).toBe(
      'error: btf-fix-linker: the argument "f\\xffo.o" is not UTF-8, and the linker would get another\n',
    );
    expect(readdirSync(folder)).not.toContain("uncalled.args");
  });

  test("passes on how the linker failed, and touches nothing", () => {
    const path = linker("bad", `cp "${FORK}" "$out"; echo said >&2; exit 42`);
    expect(wrap(["-o", "bad.o"], path)).toMatchObject({ status: 42, stderr: "said\n" });
    expect(readFileSync(join(folder, "bad.o"))).toEqual(readFileSync(FORK));
  });

  test("dies of the signal that the linker died of", () => {
    expect(wrap(["-o", "x"], linker("killed", "kill -SEGV $$"))).toMatchObject({ status: null, signal: "SIGSEGV" });
  });

  test("a signal reaches the linker, and its answer counts", async () => {
    const path = linker("waits", `trap 'exit 7' TERM\ntouch "${join(folder, "ready")}"\nwhile :; do sleep 0.05; done`);
    const child = spawn(process.execPath, [program, "-o", "x"], { env: { ...process.env, BTF_FIX_LINKER: path } });
    const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve({ code, signal })));
    while (!readdirSync(folder).includes("ready")) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: 7, signal: null });
  });

  test("says which linker is missing", () => {
    expect(wrap(["-o", "x"], "bpf-linker", { PATH: folder })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("bpf-linker is not on PATH: install it (cargo install bpf-linker)"),
    });
    expect(wrap(["-o", "x"], "/no/such/linker").stderr).toContain("/no/such/linker does not exist");
    expect(wrap(["-o", "x"], program)).toMatchObject({ status: 1, stderr: expect.stringContaining("itself") });
  });

  test("leaves alone what is no BPF object, and says so; strict fails", () => {
    const path = linker("text", 'echo text > "$out"');
    const { status, stderr } = wrap(["-o", "text.o"], path);
    expect(status).toBe(0);
    expect(stderr).toContain("ELF_NOT_ELF");
    expect(stderr).toContain("not repaired: text.o is as the linker wrote it");
    expect(readFileSync(join(folder, "text.o"), "utf8")).toBe("text\n");
    expect(wrap(["-o", "text.o"], path, { BTF_FIX_STRICT: "1" }).status).toBe(1);
  });

  test("leaves other kinds of output to the linker", () => {
    const path = linker("ir", 'echo ir > "$out"');
    expect(wrap(["--emit=llvm-ir", "-o", "out.ll"], path)).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(`${path}.args`, "utf8")).toBe("--emit=llvm-ir\n-o\nout.ll\n");
  });

  test("names the profile's setting where the crate has no debug info", () => {
    const bare = buildObject({
      sections: [{ name: "xdp", insns: [move(0, 2), EXIT] }],
      symbols: [{ name: "prog", section: "xdp", size: 16 }],
    });
    writeFileSync(join(folder, "bare"), bare);
    const path = linker("bare-linker", 'cp bare "$out"');
    const { status, stderr } = wrap(["-o", "bare.o"], path);
    expect(status).toBe(0);
    expect(stderr).toContain("set `debug = 2` in the profile of the build");
    expect(readFileSync(join(folder, "bare.o"))).toEqual(Buffer.from(bare));
    expect(wrap(["-o", "bare.o"], path, { BTF_FIX_STRICT: "1" }).status).toBe(1);
  });

  test("takes options of the repair, and fails on wrong ones", () => {
    const path = linker("options", `cp "${FORK}" "$out"`);
    expect(wrap(["-o", "o.o"], path, { BTF_FIX_OPTIONS: "-v" }).stderr).toContain("fixed: ");
    expect(wrap(["-o", "o.o"], path, { BTF_FIX_OPTIONS: "--bogus" })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("BTF_FIX_OPTIONS: error[USAGE]"),
    });
  });

  test("many at a time, each its own output", async () => {
    const path = linker("parallel", `cp "${FORK}" "$out"`);
    const names = Array.from({ length: 8 }, (_, i) => `par-${i}.o`);
    const env = { ...process.env, BTF_FIX_LINKER: path };
    const codes = await Promise.all(
      names.map(
        (name) =>
          new Promise((resolve) => {
            spawn(process.execPath, [program, "-o", name], { cwd: folder, env }).on("exit", resolve);
          }),
      ),
    );
    expect(codes).toEqual(names.map(() => 0));
    for (const name of names) expect(await errors(name)).toBe(0);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
