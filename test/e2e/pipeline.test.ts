import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleLibrary, bundleProgram, ROOT } from "../../tools/bundle.ts";
import { findToolchain, type Toolchain } from "../../tools/corpus/toolchain.ts";
import type { Judge } from "../judges/judge.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";

/** Every door of docs/pipeline.md, with the very lines of that page, for a user who has installed the package. */
const PAGE = readFileSync(join(ROOT, "docs/pipeline.md"), "utf8");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const FORK = join(ROOT, "corpus/aya/fork.bpfel.release.o");

const probe = findToolchain();
const toolchain: Toolchain | undefined = "toolchain" in probe ? probe.toolchain : undefined;
const compilers: Judge = {
  name: "compilers",
  version: toolchain?.versions.rustc ?? "",
  usable: toolchain !== undefined,
  why: "missing" in probe ? `${probe.missing} missing` : "",
};
const withCompilers = judgeTest(compilers);

let home: string;
let bin: string;

/** The block of the page with this title. */
function block(title: string, page = PAGE): string {
  const found = page.split(`title="${title}"\n`)[1]?.split("```")[0];
  if (found === undefined) throw new Error(`the page has no block ${title}`);
  return found;
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): SpawnSyncReturns<string> {
  const path = [bin, ...(toolchain === undefined ? [] : [dirname(toolchain.bpfLinker)]), process.env["PATH"]].join(
    delimiter,
  );
  return spawnSync(program, args, { cwd, encoding: "utf8", env: { ...process.env, PATH: path, ...env } });
}

/** A folder of the user's with files in it. */
function project(name: string, files: Record<string, string>): string {
  const folder = join(home, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** As `npm pack` and `npm install --global` leave the package, built from this source. */
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "btf-fix-pipeline-"));
  bin = join(home, "installed/bin");
  const source = join(home, "source");
  mkdirSync(source);
  for (const file of ["package.json", "schema", "LICENSE-MIT", "LICENSE-APACHE", "README.md", "CHANGELOG.md"]) {
    cpSync(join(ROOT, file), join(source, file), { recursive: true });
  }
  await Promise.all([bundleProgram(join(source, "dist")), bundleLibrary(join(source, "dist"))]);
  const packed = spawnSync("npm", ["pack", "--ignore-scripts", "--silent"], { cwd: source, encoding: "utf8" });
  const install = ["install", "--global", "--prefix", join(home, "installed"), "--silent", `./${packed.stdout.trim()}`];
  const installed = spawnSync("npm", install, { cwd: source, encoding: "utf8" });
  if (installed.status !== 0) throw new Error(packed.stderr + installed.stderr);
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Cargo as a user's, with Debian's compiler where that is older than aya-ebpf says it must be. */
function cargo(folder: string, args: readonly string[], more: Record<string, string> = {}): SpawnSyncReturns<string> {
  if (toolchain === undefined) throw new Error("no toolchain");
  const env = { RUSTC: toolchain.rustc, RUSTC_BOOTSTRAP: "1", CARGO_BUILD_JOBS: "2", ...more };
  return run(toolchain.cargo, [...args, "--ignore-rust-version"], folder, env);
}

/** A program without a dependency, and without debug info. */
const BARE = `#![no_std]
#![no_main]
#[no_mangle]
#[link_section = "xdp"]
pub extern "C" fn prog(_context: *mut u8) -> u32 { 2 }
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
`;

describe("behind bpf-linker", () => {
  const object = "target/bpfel-unknown-none/release/counter";
  let folder: string;

  test("README and page say the same", () => {
    expect(block(".cargo/config.toml", README)).toBe(block(".cargo/config.toml"));
    expect(block("Cargo.toml")).toContain(block("profiles in Cargo.toml", README));
  });

  function create(name: string): string {
    return project(name, {
      ".cargo/config.toml": block(".cargo/config.toml", README),
      "Cargo.toml": block("Cargo.toml"),
      "src/main.rs": block("src/main.rs"),
    });
  }

  withCompilers("a new project builds, and its object is fine", () => {
    folder = create("counter");
    const [program, ...args] = block("build").trim().split(" ");
    expect(program).toBe("cargo");
    const built = cargo(folder, args);
    expect(built.status, built.stderr).toBe(0);
    const checked = run("btf-fix", ["check", "--strict", object], folder);
    expect(checked.status, checked.stdout).toBe(0);
    // The second name that cargo gives it is the same file still.
    expect(statSync(join(folder, object)).nlink).toBe(2);
  });

  withCompilers("a fresh build keeps the repaired file", () => {
    const before = readFileSync(join(folder, object));
    rmSync(join(folder, object));
    const again = cargo(folder, ["build", "--release"]);
    expect(again.status, again.stderr).toBe(0);
    expect(again.stderr).not.toContain("Compiling counter");
    expect(readFileSync(join(folder, object))).toEqual(before);
  });

  judgeTest(compilers, libbpf17())("libbpf loads it, and the kernel holds its types", () => {
    const report = answer(runLibbpf("libbpf17", join(folder, object)));
    expect(report.load).toEqual({ ok: true, errno: 0 });
    expect(report.btfFd).toBeGreaterThanOrEqual(0);
    const map = report.maps.find(({ name }) => name === "FORKS");
    expect(map?.retriedWithoutBtf).toBe(false);
    expect(map?.kernel?.btfValueTypeId).toBeGreaterThan(0);
  });

  withCompilers("a message of the wrapper is shown by rustc when asked, and strict fails the build", () => {
    const bare = project("bare", {
      ".cargo/config.toml": `${block(".cargo/config.toml")}rustflags = ["-Wlinker-messages"]\n`,
      "Cargo.toml": '[package]\nname = "bare"\nedition = "2021"\n[profile.release]\npanic = "abort"\n',
      "src/main.rs": BARE,
    });
    const shown = cargo(bare, ["build", "--release"]);
    expect(shown.status, shown.stderr).toBe(0);
    expect(shown.stderr).toContain("set `debug = 2` in the profile of the build");
    writeFileSync(join(bare, "src/main.rs"), `${BARE}\n`);
    const strict = cargo(bare, ["build", "--release"], { BTF_FIX_STRICT: "1" });
    expect(strict.status).not.toBe(0);
    expect(strict.stderr).toContain("set `debug = 2` in the profile of the build");
  });
});

describe("in build.rs", () => {
  withCompilers("the object in OUT_DIR is repaired", () => {
    const step = block("build.rs").replace(
      /^( *)\/\/ aya_build::build_ebpf.*$/m,
      `std::fs::copy(${JSON.stringify(FORK)}, PathBuf::from(env::var_os("OUT_DIR").unwrap()).join("counter")).unwrap();`,
    );
    expect(step).toContain("fs::copy");
    const folder = project("user", {
      "Cargo.toml": '[package]\nname = "user"\nversion = "0.1.0"\nedition = "2021"\n',
      "build.rs": step,
      "src/main.rs":
        'static OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/counter"));\nfn main() { print!("{}", OBJECT.len()); }\n',
    });
    const built = cargo(folder, ["build"]);
    expect(built.status, built.stderr).toBe(0);
    const out = readdirSync(join(folder, "target/debug/build")).map((name) =>
      join(folder, "target/debug/build", name, "out/counter"),
    );
    const object = out.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
    expect(run("btf-fix", ["check", object ?? ""], folder).status).toBe(0);
  });
});

describe("in a Makefile", () => {
  withCompilers("a C object is compiled and repaired", () => {
    const folder = project("c", {
      Makefile: block("Makefile"),
      "count.bpf.c": `
        struct { int (*type)[1]; int *key; long long *value; int (*max_entries)[8]; } counts __attribute__((section(".maps")));
        __attribute__((section("xdp"))) int prog(void *context) { return 2; }
        char LICENSE[] __attribute__((section("license"))) = "GPL";`,
    });
    const made = run("make", ["-s", "count.o", `CLANG=${toolchain?.clang}`], folder);
    expect(made.status, made.stderr).toBe(0);
    const maps = run("btf-fix", ["maps", "count.o"], folder);
    expect(maps.stdout).toContain("counts");
    expect(run("btf-fix", ["check", "--strict", "count.o"], folder).status).toBe(0);
  });
});

describe("while you work", () => {
  test("an object in the folder is repaired while the command runs", async () => {
    const folder = project("work", {});
    mkdirSync(join(folder, "target"), { recursive: true });
    cpSync(FORK, join(folder, "target/counter"));
    const [program = "", ...args] = block("watch").trim().split(" ");
    const child = spawn(join(bin, program), args, { cwd: folder, stdio: "ignore" });
    try {
      while (run("btf-fix", ["check", "target/counter"], folder).status !== 0) expect(child.exitCode).toBeNull();
    } finally {
      child.kill();
    }
  });
});

describe("in CI", () => {
  test("the lines of the page tell by exit code and report", () => {
    const folder = project("ci", {});
    mkdirSync(join(folder, "target/bpfel-unknown-none/release"), { recursive: true });
    const object = join(folder, "target/bpfel-unknown-none/release/counter");
    cpSync(FORK, object);
    expect(run("sh", ["-c", block("ci")], folder).status).toBe(1);
    expect(run("btf-fix", ["--in-place", object], folder).status).toBe(0);
    expect(run("sh", ["-ec", block("ci")], folder).status).toBe(0);
    const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as { files: unknown[] };
    expect(report.files).toHaveLength(1);
  });
});

describe("in a program", () => {
  test("the script repairs as the program does", () => {
    const folder = project("script", { "repair.mjs": block("repair.mjs") });
    mkdirSync(join(folder, "node_modules"));
    cpSync(join(home, "installed/lib/node_modules/btf-fix"), join(folder, "node_modules/btf-fix"), { recursive: true });
    const ran = run(process.execPath, ["repair.mjs", FORK, "script.o"], folder);
    expect(ran.status, ran.stderr).toBe(0);
    expect(run("btf-fix", [FORK, "-o", "program.o", "-q"], folder).status).toBe(0);
    expect(readFileSync(join(folder, "script.o"))).toEqual(readFileSync(join(folder, "program.o")));
  });
});
