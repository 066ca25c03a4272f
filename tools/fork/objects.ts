import { execFileSync } from "node:child_process";
import { join } from "node:path";
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
}

/**
 * Builds a fork program where the seed has it and returns its path: `ebpf/target/<target>/{debug,release}/fork`, or
 * `ebpf/fork-ebpf-libbpf/fork.bpf.o` (big-endian: `fork.bpfeb.o`).
 *
 * @throws MissingTool; what `execFileSync` throws when a compiler fails
 */
export function buildObject({ library, target, profile }: ObjectBuild, verbose = true): string {
  return library === "aya" ? buildAya(target, profile, verbose) : buildC(target, verbose);
}

function buildAya(target: Target, profile: Profile, verbose: boolean): string {
  const toolchain = needRustForBpf(target);
  const build = { package: "fork-ebpf-aya", target, profile, linker: "bpf-linker", verbose } as const;
  return join(cargoBuild(toolchain, { ...build, env: recordEnvironment(), unsealed: !canSeal() }), "fork");
}

function buildC(target: Target, verbose: boolean): string {
  const { make, clang, llc } = needClangForBpf();
  const folder = join(WORKSPACE, "fork-ebpf-libbpf");
  const byteOrder = byteOrderName(target);
  const object = byteOrder === "bpfel" ? "fork.bpf.o" : `fork.${byteOrder}.o`;
  const variables = [`CLANG=${clang}`, `LLC=${llc}`, `TARGET=${byteOrder}`, `OBJECT=${object}`];
  execFileSync(make, ["--no-print-directory", ...variables], {
    cwd: folder,
    stdio: ["ignore", verbose ? "inherit" : "ignore", "inherit"],
  });
  return join(folder, object);
}
