import { existsSync } from "node:fs";
import type { CargoToolchain } from "../corpus/cargo.ts";
import { CARGO, findBpfLinker, libraries, RUSTC, type Target } from "../corpus/toolchain.ts";
import { findProgram } from "../judges/toolchain.ts";

/** A tool that is not there; the message names it, and Debian's package or the command that brings it. */
export class MissingTool extends Error {
  override readonly name = "MissingTool";
  constructor(tool: string, remedy: string) {
    super(`${tool} is missing; ${remedy}`);
  }
}

function packages(...names: readonly string[]): string {
  return `apt-get install ${names.join(" ")}`;
}

/** First of the programs that is there. Errors: MissingTool. */
export function needProgram(names: readonly string[], remedy: string): string {
  for (const name of names) {
    const found = findProgram(name);
    if (found !== undefined) return found;
  }
  throw new MissingTool(names.join(" or "), remedy);
}

function needFile(file: string, ...names: readonly string[]): void {
  if (!existsSync(file)) throw new MissingTool(file, packages(...names));
}

/** What the Aya program is built with. Errors: MissingTool. */
export function needRustForBpf(target: Target): CargoToolchain {
  needFile(RUSTC, "rustc-web");
  needFile(CARGO, "cargo-web");
  if (libraries({ rustc: RUSTC }, target).length === 0) {
    throw new MissingTool(`core for ${target}`, packages("libstd-rust-web-dev-bpf"));
  }
  const bpfLinker = findBpfLinker();
  if (bpfLinker !== undefined) return { rustc: RUSTC, cargo: CARGO, bpfLinker };
  const install = "cargo install bpf-linker --version 0.13.0 --no-default-features --features llvm-22";
  throw new MissingTool("bpf-linker", `npm run judges, or LLVM_PREFIX=/usr/lib/llvm-22 ${install}`);
}

/** What the C program is built with: paths of make, clang and llc. Errors: MissingTool. */
export function needClangForBpf(): { readonly make: string; readonly clang: string; readonly llc: string } {
  const make = needProgram(["make"], packages("make"));
  const clang = needProgram([process.env["CLANG"] ?? "clang-22", "clang"], packages("clang-22"));
  const llc = needProgram([process.env["LLC"] ?? "llc-22", "llc"], packages("llvm-22"));
  needFile("/usr/include/bpf/bpf_helpers.h", "libbpf-dev");
  return { make, clang, llc };
}

/** The cargo that builds a user-space program; libbpf-sys compiles its own libbpf. Errors: MissingTool. */
export function needRustForHost(library: "aya" | "libbpf"): string {
  const cargo = needProgram(["cargo"], packages("cargo-web", "rustc-web"));
  needProgram(["cc", "gcc"], packages("gcc"));
  if (library === "libbpf") {
    needProgram(["make"], packages("make"));
    needProgram(["pkg-config"], packages("pkg-config"));
    needFile("/usr/include/libelf.h", "libelf-dev");
    needFile("/usr/include/zlib.h", "zlib1g-dev");
  }
  return cargo;
}
