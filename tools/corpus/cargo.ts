import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { PROJECT, STAND_IN, sealed, sealedCommand, type Target, type Toolchain } from "./toolchain.ts";

/** Cargo workspace of the eBPF programs. */
export const WORKSPACE: string = join(PROJECT, "ebpf");

export const PROFILES = ["release", "dev"] as const;
export type Profile = (typeof PROFILES)[number];

/** What links: bpf-linker with `--btf`, or LLVM's own tools, which leave the debug information as rustc wrote it. */
export type Linker = "bpf-linker" | "stand-in";

export interface CargoBuild {
  readonly package: string;
  readonly target: Target;
  readonly profile: Profile;
  readonly linker: Linker;
  /** Programs of the package that are built; all by default. */
  readonly programs?: readonly string[];
  /** Show cargo's own output. */
  readonly verbose: boolean;
  /** What sources read with `option_env!`; nothing by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Let the compiler see its library's sources, of which the object may then quote lines: for who cannot hide them. */
  readonly unsealed?: boolean;
}

/** What of the toolchain cargo is called with. */
export type CargoToolchain = Pick<Toolchain, "rustc" | "cargo" | "bpfLinker">;

/** What stands in a MANIFEST for `cargoBuild`; the paths that are remapped differ from machine to machine. */
export function cargoCommand(build: CargoBuild): string {
  const linker = build.linker === "bpf-linker" ? "bpf-linker -Clink-arg=--btf" : `../${STAND_IN}`;
  return [
    "RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1",
    `RUSTFLAGS='-Cdebuginfo=2 -Clinker=${linker} --cfg=bpf_target_arch="x86_64"`,
    "--remap-path-prefix=$REGISTRY=/crates --remap-path-prefix=$PWD=.'",
    sealedCommand("ebpf", `/usr/bin/cargo ${cargoArgs(build).join(" ")}`),
  ].join(" ");
}

/** Builds that this process has done: all programs of a package come of one. */
const done = new Set<string>();

/**
 * Builds one package of the workspace, once in a process, and returns the folder that holds its objects (one per `[[bin]]`).
 *
 * @throws what `execFileSync` throws when cargo fails
 */
export function cargoBuild(toolchain: CargoToolchain, build: CargoBuild): string {
  const folder = join(WORKSPACE, "target", build.target, build.profile === "dev" ? "debug" : "release");
  const key = JSON.stringify([build.package, build.programs, build.target, build.profile, build.linker, build.env]);
  if (!done.has(key)) runCargo(toolchain, build);
  done.add(key);
  return folder;
}

function runCargo(toolchain: CargoToolchain, build: CargoBuild): void {
  // On a fresh machine the registry's folder, whose path is remapped, is not there before.
  execFileSync(toolchain.cargo, ["fetch", "--locked", "--quiet"], {
    cwd: WORKSPACE,
    env: { ...process.env, RUSTC: toolchain.rustc },
  });
  const remaps = remappedPaths().map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  const linker =
    build.linker === "bpf-linker"
      ? [`-Clinker=${toolchain.bpfLinker}`, "-Clink-arg=--btf"]
      : [`-Clinker=${join(PROJECT, STAND_IN)}`];
  const flags = ["-Cdebuginfo=2", ...linker, `--cfg=bpf_target_arch="x86_64"`, ...remaps];
  const args = cargoArgs(build);
  execFileSync(...(build.unsealed ? ([toolchain.cargo, args] as const) : sealed(toolchain.cargo, args)), {
    cwd: WORKSPACE,
    stdio: ["ignore", build.verbose ? "inherit" : "ignore", "inherit"],
    env: {
      ...process.env,
      ...build.env,
      RUSTC: toolchain.rustc,
      // Debian's stable compiler is asked for aya-ebpf's unstable features; it carries them.
      RUSTC_BOOTSTRAP: "1",
      CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
      CARGO_TARGET_DIR: join(WORKSPACE, "target"),
      CARGO_BUILD_JOBS: process.env["CARGO_BUILD_JOBS"] ?? "2",
      PATH: `${dirname(toolchain.bpfLinker)}:${process.env["PATH"] ?? ""}`,
    },
  });
}

function cargoArgs(build: CargoBuild): string[] {
  const programs = (build.programs ?? []).flatMap((program) => ["--bin", program]);
  const args = ["build", "--locked", "--package", build.package, ...programs, "--target", build.target];
  // aya-ebpf 0.3 asks for rustc 1.98 and builds with Debian's 1.96.
  args.push("--profile", build.profile, "--ignore-rust-version");
  return build.verbose ? args : [...args, "--quiet"];
}

/**
 * Path prefixes that must not reach an object, each with what stands in its place. rustc takes the *last* prefix that
 * matches, so the wider ones come first.
 */
function remappedPaths(): (readonly [string, string])[] {
  const home = homedir();
  const cargoHome = process.env["CARGO_HOME"] ?? join(home, ".cargo");
  const sources = join(cargoHome, "registry", "src");
  // The folder below is called after the registry's host; its name is local, too.
  const registries = existsSync(sources) ? readdirSync(sources).map((name) => join(sources, name)) : [];
  return [
    [home, "/user"],
    [cargoHome, "/cargo"],
    [sources, "/crates"],
    ...registries.map((folder) => [folder, "/crates"] as const),
    [PROJECT, "."],
    [WORKSPACE, "."],
  ];
}
