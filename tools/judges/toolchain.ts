import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheRoot } from "./cache.ts";

/** The version of bpf-linker that the committed objects are linked with. */
export const bpfLinkerVersion = "0.13.0";

/** Absolute paths of the programs that build eBPF objects; undefined where one is missing. */
export interface Toolchain {
  /** Debian's rustc (LLVM 22), not rustup's: only this one has `core` for the BPF targets. */
  readonly rustc: string | undefined;
  readonly cargo: string | undefined;
  readonly bpfLinker: string | undefined;
  /** Folder of bpf-linker, to be put in front of PATH. */
  readonly bpfLinkerBin: string;
  readonly llc: string | undefined;
  readonly clang: string | undefined;
  readonly llvmObjcopy: string | undefined;
  readonly wasmLd: string | undefined;
}

/** Finds a program on PATH, or at one of the given absolute paths first. */
export function findProgram(name: string, ...preferred: readonly string[]): string | undefined {
  // Plain users often have no sbin on PATH, and Debian keeps bpftool there.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return [...preferred, ...folders.filter((f) => f !== "").map((f) => join(f, name))].find((p) => existsSync(p));
}

/** First line of what `program ...args` prints, or undefined if it cannot be run. */
export function versionLine(program: string | undefined, ...args: readonly string[]): string | undefined {
  if (program === undefined) return undefined;
  const run = spawnSync(program, args.length === 0 ? ["--version"] : args, { encoding: "utf8", timeout: 20_000 });
  return run.status === 0 ? run.stdout.split("\n")[0]?.trim() : undefined;
}

/** The `[major, minor]` of a "rustc 1.96.0 (...)" line. */
export function rustVersion(line: string | undefined): readonly [number, number] | undefined {
  const match = /^\w+ (\d+)\.(\d+)\./.exec(line ?? "");
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/** Where the tools that build objects are; looks only, installs nothing (`npm run judges` does). */
export function toolchain(): Toolchain {
  const bpfLinkerBin = join(cacheRoot(), "bpf-linker", "bin");
  const bpfLinker = join(bpfLinkerBin, "bpf-linker");
  const debian = (path: string): string | undefined => (existsSync(path) ? path : undefined);
  return {
    rustc: debian("/usr/bin/rustc"),
    cargo: debian("/usr/bin/cargo"),
    bpfLinker: existsSync(bpfLinker) ? bpfLinker : undefined,
    bpfLinkerBin,
    llc: findProgram("llc-22"),
    clang: findProgram("clang-22"),
    llvmObjcopy: findProgram("llvm-objcopy-22"),
    wasmLd: findProgram("wasm-ld-22"),
  };
}
