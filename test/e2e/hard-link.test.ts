import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bundleProgram } from "../../tools/bundle.ts";
import { findToolchain, type Toolchain } from "../../tools/corpus/toolchain.ts";

/**
 * Cargo keeps `target/<triple>/release/prog` and `deps/prog-<hash>` as two names of one file, and a build that finds nothing to do links
 * the second name back over the first. A repair that replaces only one of them is undone by the next `cargo build`.
 */
const TARGET = "bpfel-unknown-none";

/** A map behind a wrapper: libbpf refuses it as rustc writes it. */
const SOURCE = `#![no_std]
#![no_main]
use core::{cell::UnsafeCell, ptr::null};

#[repr(C)]
pub struct Def<K, V, const M: usize> {
    r#type: *const [i32; 1],
    key: *const K,
    value: *const V,
    max_entries: *const [i32; M],
}

#[repr(transparent)]
pub struct HashMap<K, V, const M: usize>(UnsafeCell<Def<K, V, M>>);
unsafe impl<K, V, const M: usize> Sync for HashMap<K, V, M> {}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".maps")]
pub static COUNTS: HashMap<u32, u64, 64> =
    HashMap(UnsafeCell::new(Def { r#type: null(), key: null(), value: null(), max_entries: null() }));

#[unsafe(no_mangle)]
#[unsafe(link_section = "tracepoint/sched/sched_process_fork")]
pub extern "C" fn prog(_context: *mut u8) -> u32 {
    let lookup: extern "C" fn(*const u8, *const u8) -> *const u64 = unsafe { core::mem::transmute(1usize) };
    !lookup(&raw const COUNTS as *const u8, &raw const KEY as *const u8).is_null() as u32
}

static KEY: u32 = 0;

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 4] = *b"GPL\\0";

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
`;

const MANIFEST = `[package]
name = "prog"
version = "0.0.0"
edition = "2024"

[profile.release]
panic = "abort"
debug = 2
lto = true

[workspace]
`;

const probe = findToolchain();
const folder = mkdtempSync(join(tmpdir(), "btf-fix-cargo-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One `cargo build`; what it says of its work ("Compiling", "Fresh"). */
function cargoBuild(toolchain: Toolchain): string {
  const run = spawnSync(toolchain.cargo, ["build", "--release", "--offline", "--verbose", "--target", TARGET], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...process.env,
      RUSTC: toolchain.rustc,
      CARGO_TARGET_DIR: join(folder, "target"),
      CARGO_ENCODED_RUSTFLAGS: [`-Clinker=${toolchain.bpfLinker}`, "-Clink-arg=--btf"].join("\x1f"),
      PATH: `${dirname(toolchain.bpfLinker)}:${process.env["PATH"] ?? ""}`,
    },
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stderr;
}

function fixThenBuild(toolchain: Toolchain): void {
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "Cargo.toml"), MANIFEST);
  writeFileSync(join(folder, "src/main.rs"), SOURCE);
  expect(cargoBuild(toolchain)).toContain("Compiling prog");
  const release = join(folder, "target", TARGET, "release");
  const prog = join(release, "prog");
  const deps = join(release, "deps", readdirSync(join(release, "deps")).find((name) => !name.includes(".")) ?? "");
  expect(statSync(prog).ino).toBe(statSync(deps).ino);
  const raw = readFileSync(prog);

  const program = join(folder, "btf-fix", "cli.cjs");
  const btfFix = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], {
      encoding: "utf8",
      env: { ...process.env, BTF_FIX_CACHE: "off" },
    });
  expect(btfFix("check", prog).status).toBe(1);
  const fixed = btfFix("--in-place", prog);
  expect([fixed.status, fixed.stderr]).toEqual([0, ""]);
  const repaired = readFileSync(prog);
  expect(repaired.equals(raw)).toBe(false);
  expect(readFileSync(deps).equals(repaired)).toBe(true);

  expect(cargoBuild(toolchain)).toContain("Fresh prog");
  expect(readFileSync(prog).equals(repaired)).toBe(true);
  expect(btfFix("check", prog).status).toBe(0);
  // Nothing but cargo's own files: no temporary one was left.
  expect(readdirSync(release, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".tmp"))).toEqual(
    [],
  );
}

const missing = "missing" in probe ? probe.missing : undefined;
const title = "fix, cargo build, check: the repair stays";
if ("toolchain" in probe) {
  const { toolchain } = probe;
  test(title, async () => {
    await bundleProgram(join(folder, "btf-fix"));
    fixThenBuild(toolchain);
  });
} else if (process.env["BTF_FIX_JUDGES"] === "required") {
  test(title, () => {
    throw new Error(`BTF_FIX_JUDGES=required, but ${missing} is missing`);
  });
} else test.skip(`${title} [skipped: ${missing} is missing]`, () => {});
