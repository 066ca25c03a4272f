import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheRoot } from "../judges/cache.ts";

/** Folder of the repository, without a trailing slash. */
export const PROJECT: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** rustc's two BPF targets; the first five letters name the byte order in file names and for llc's `-march`. */
export const TARGETS = ["bpfel-unknown-none", "bpfeb-unknown-none"] as const;
export type Target = (typeof TARGETS)[number];

/** Debian's compiler ships `core` for the BPF targets; a rustup toolchain earlier on PATH does not, hence the full path. */
export const RUSTC = "/usr/bin/rustc";
export const CARGO = "/usr/bin/cargo";
const LLC = "llc-22";
const NM = "llvm-nm-22";
const CLANG = "clang-22";

/** Script in front of every compiler: keeps the sources of Rust's own library out of the objects. */
export const SEAL = "tools/corpus/without-library-sources";

/** Linker made of LLVM's own tools: links as bpf-linker does, and rewrites no debug information. */
export const STAND_IN = "tools/corpus/stand-in-linker";

/** Programs that build the corpus: how to call each, and the version it gives of itself. */
export interface Toolchain {
  readonly rustc: string;
  readonly cargo: string;
  readonly llc: string;
  readonly nm: string;
  readonly clang: string;
  readonly bpfLinker: string;
  readonly versions: {
    readonly rustc: string;
    readonly llvm: string;
    readonly llc: string;
    readonly clang: string;
    readonly bpfLinker: string;
  };
}

/** The toolchain, or the reason why there is none. */
export type ToolchainProbe = { readonly toolchain: Toolchain } | { readonly missing: string };

/** The one that `npm run judges` installed, else the first on PATH. */
export function findBpfLinker(): string | undefined {
  const folders = [join(cacheRoot(), "bpf-linker", "bin"), ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.map((folder) => join(folder, "bpf-linker")).find((file) => existsSync(file));
}

/** Standard output of a program that must succeed. */
export function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
}

/** Program and arguments that run `program` behind the seal. */
export function sealed(program: string, args: readonly string[]): readonly [program: string, args: string[]] {
  return [join(PROJECT, SEAL), [program, ...args]];
}

/** Whether the seal works here: it hides a folder, for which it needs a mount namespace. */
export function canSeal(): boolean {
  return firstLine(...sealed("printf", ["sealed"]), /(sealed)/) !== undefined;
}

/** Shell text, for a folder of the repository, that stands in front of a sealed command. */
export function sealedCommand(folder: string, command: string): string {
  return `${relative(folder, SEAL)} ${command}`;
}

function firstLine(program: string, args: readonly string[], pattern: RegExp): string | undefined {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .match(pattern)?.[1]
      ?.trim();
  } catch {
    return undefined;
  }
}

/** Looks for Debian's rustc with the BPF targets' `core`, llc 22, clang 22 and bpf-linker, and asks each for its version. */
export function findToolchain(): ToolchainProbe {
  const rustc = firstLine(RUSTC, ["--version"], /^rustc (.*)$/m);
  const llvm = firstLine(RUSTC, ["--version", "--verbose"], /^LLVM version: (.*)$/m);
  if (rustc === undefined || llvm === undefined || !existsSync(CARGO)) {
    return { missing: `${RUSTC} and ${CARGO} (apt-get install rustc-web cargo-web libstd-rust-web-dev-bpf)` };
  }
  for (const target of TARGETS) {
    if (libraries({ rustc: RUSTC }, target).length === 0) {
      return { missing: `core for ${target} (apt-get install libstd-rust-web-dev-bpf)` };
    }
  }
  const llc = firstLine(LLC, ["--version"], /LLVM version (\S+)/);
  const others = [NM, "llvm-ar-22", "llvm-link-22", "opt-22", "llvm-readobj-22", "llvm-dis-22"];
  if (llc === undefined || others.some((tool) => firstLine(tool, ["--version"], /(LLVM)/) === undefined)) {
    return { missing: `${LLC}, ${others.join(", ")} (apt-get install llvm-22)` };
  }
  const clang = firstLine(CLANG, ["--version"], /clang version (\S+)/);
  if (clang === undefined) return { missing: `${CLANG} (apt-get install clang-22)` };
  if (firstLine("bpftool", ["version"], /(bpftool)/) === undefined) {
    return { missing: "bpftool (apt-get install bpftool)" };
  }
  if (!canSeal()) {
    return { missing: "mount namespace to hide /usr/src from the compilers (be root)" };
  }
  const bpfLinker = findBpfLinker();
  const linkerVersion = bpfLinker && firstLine(bpfLinker, ["--version"], /bpf-linker (\S+)/);
  if (bpfLinker === undefined || linkerVersion === undefined) {
    return { missing: "bpf-linker 0.13 (npm run judges, or cargo install as CONTRIBUTING.md says)" };
  }
  return {
    toolchain: {
      rustc: RUSTC,
      cargo: CARGO,
      llc: LLC,
      nm: NM,
      clang: CLANG,
      bpfLinker,
      versions: { rustc, llvm, llc, clang, bpfLinker: linkerVersion },
    },
  };
}

/** Paths of the bitcode archives (`core` and its companions) that rustc hands to the linker for `target`. */
export function libraries(toolchain: Pick<Toolchain, "rustc">, target: Target): readonly string[] {
  const folder = firstLine(toolchain.rustc, ["--target", target, "--print", "target-libdir"], /^(.*)$/m);
  if (folder === undefined || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".rlib"))
    .sort()
    .map((file) => join(folder, file));
}

/** "bpfel" or "bpfeb". */
export function byteOrderName(target: Target): string {
  return target.slice(0, 5);
}
