import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "vitest";

/** Real objects and an independent reader of them, from LLVM 22. */

export const CLANG = "clang-22";
export const READELF = "llvm-readelf-22";
export const DWARFDUMP = "llvm-dwarfdump-22";

export const TARGETS = ["bpfel", "bpfeb"] as const;
export type Target = (typeof TARGETS)[number];

/** Globals and statics of every section, two functions, two maps, an extern and a call: all that relocations and symbols can be. */
const SOURCE = `
#define SEC(n) __attribute__((section(n), used))
struct { int (*type)[1]; unsigned *key; unsigned *value; int (*max_entries)[10]; } m SEC(".maps");
static struct { int (*type)[1]; unsigned *key; unsigned *value; int (*max_entries)[20]; } m2 SEC(".maps");
int first = 1, second = 2;
static volatile int hidden = 3, hidden2 = 4;
int zero, zero2;
const volatile int ro = 5;
extern int ext_var;
static __attribute__((noinline)) int helper(void *p) { return hidden + hidden2 + *(int *)p; }
static void *(*lookup)(void *, const void *) = (void *)1;
int SEC("tracepoint/x") prog(void *ctx) {
  unsigned k = 0;
  void *v = lookup(&m, &k), *w = lookup(&m2, &k);
  if (!v || !w) return ro;
  zero++; zero2++;
  return helper(v) + helper(w) + ext_var + first + second;
}
char _license[] SEC("license") = "GPL";
`;

const REQUIRED = process.env["BTF_FIX_JUDGES"] === "required";

/** Runs a test only where these programs exist; says so otherwise, and fails when judges are required. */
export function testWith(...programs: readonly string[]): typeof test | typeof test.skip {
  const missing = programs.filter((program) => spawnSync(program, ["--version"]).error !== undefined);
  if (missing.length === 0) return test;
  if (REQUIRED) throw new Error(`required but not installed: ${missing.join(", ")}`);
  console.warn(`skipped: ${missing.join(", ")} not installed`);
  return test.skip;
}

/** Runs `use` with a directory that is gone afterwards. */
export function withDirectory<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "btf-fix-elf-"));
  try {
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** An object of the source above, by clang with debug information. */
export function compile(target: Target, flags: readonly string[] = []): Uint8Array {
  return withDirectory((directory) => {
    writeFileSync(join(directory, "a.c"), SOURCE);
    execFileSync(CLANG, ["-target", target, "-g", "-O2", ...flags, "-c", "a.c", "-o", "a.o"], { cwd: directory });
    return readFileSync(join(directory, "a.o"));
  });
}

/** Output of an LLVM reader on these bytes; what it writes to stderr (warnings) fails the test. */
export function read(program: string, args: readonly string[], bytes: Uint8Array): string {
  return withDirectory((directory) => {
    writeFileSync(join(directory, "a.o"), bytes);
    const { status, stdout, stderr } = spawnSync(program, [...args, "a.o"], {
      cwd: directory,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (status !== 0 || stderr !== "") throw new Error(`${program} ended with ${status}: ${stderr}`);
    return stdout;
  });
}

/** A committed object, by its path below corpus/. */
export function corpusObject(path: string): Uint8Array {
  return readFileSync(fileURLToPath(new URL(`../../corpus/${path}`, import.meta.url)));
}

/** The committed objects that the tests of `elf/` and `patch/` read: two compilers' worth of layouts, both byte orders. */
export const CORPUS = [
  "aya/fork.bpfel.release.o",
  "aya/fork.bpfeb.release.o",
  "aya/fork.bpfel.dev.o",
  "shapes/s26_globals.bpfel.o",
  "shapes/s26_globals.bpfeb.o",
  "shapes/s34_mixed_section_flags.bpfel.o",
] as const;
