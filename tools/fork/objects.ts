import { execFileSync } from "node:child_process";
import { join, relative } from "node:path";
import { cargoBuild, type Profile, WORKSPACE } from "../corpus/cargo.ts";
import { byteOrderName, canSeal, type Target } from "../corpus/toolchain.ts";
import { needClangForBpf, needRustForBpf } from "./needs.ts";
import { recordEnvironment } from "./record.ts";

/** The libraries that a fork program, and a user-space program, is written with. */
export const LIBRARIES = ["aya", "libbpf"] as const;
export type Library = (typeof LIBRARIES)[number];

export interface ObjectBuild {
  readonly library: Library;
  readonly target: Target;
  /** Of the Aya program; the C program has one. */
  readonly profile: Profile;
  /** Path of the C program's object, for who must not disturb the usual one. */
  readonly output?: string;
}

/**
 * Builds a fork program where the seed has it and returns its path: `ebpf/target/<target>/{debug,release}/fork`, or
 * `ebpf/fork-ebpf-libbpf/fork.bpf.o` (big-endian: `fork.bpfeb.o`).
 *
 * @throws MissingTool; what `execFileSync` throws when a compiler fails
 */
export function buildObject({ library, target, profile, output }: ObjectBuild, verbose = true): string {
  return library === "aya" ? buildAya(target, profile, verbose) : buildC(target, verbose, output);
}

function buildAya(target: Target, profile: Profile, verbose: boolean): string {
  const toolchain = needRustForBpf(target);
  const build = { package: "fork-ebpf-aya", target, profile, linker: "bpf-linker", verbose } as const;
  return join(cargoBuild(toolchain, { ...build, env: recordEnvironment(), unsealed: !canSeal() }), "fork");
}

function buildC(target: Target, verbose: boolean, output?: string): string {
  const { make, clang, llc } = needClangForBpf();
  const folder = join(WORKSPACE, "fork-ebpf-libbpf");
  const byteOrder = byteOrderName(target);
  const object = output ?? join(folder, byteOrder === "bpfel" ? "fork.bpf.o" : `fork.${byteOrder}.o`);
  const variables = [`CLANG=${clang}`, `LLC=${llc}`, `TARGET=${byteOrder}`, `OBJECT=${relative(folder, object)}`];
  execFileSync(make, ["--no-print-directory", ...variables], {
    cwd: folder,
    stdio: ["ignore", verbose ? "inherit" : "ignore", "inherit"],
  });
  return object;
}
