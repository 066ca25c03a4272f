import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cacheRoot, type JudgeProgram, judgeFolder, judgeSource } from "./cache.ts";
import { bpfLinkerVersion, findProgram, rustVersion, toolchain, versionLine } from "./toolchain.ts";

/** How one judge is built: what it is built with, and the build itself, which leaves a program and returns its path. */
interface Recipe {
  /** Versions that the result depends on; a change rebuilds. A string instead says why the judge cannot be built. */
  readonly versions: () => readonly string[] | string;
  readonly build: () => string;
}

function run(program: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): void {
  const result = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  if (result.error !== undefined) throw result.error;
  if (result.status === 0) return;
  const lines = `${result.stderr}`.trim().split("\n");
  const telling = lines.filter((line) => /error|fatal|cannot|not found/i.test(line));
  throw new Error((telling.length === 0 ? lines : telling).slice(0, 3).join(" | "));
}

function scratch(name: JudgeProgram): string {
  const folder = join(cacheRoot(), "judges", "target", name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const warnings = ["-O2", "-Wall", "-Wextra", "-Wno-sign-compare"];

/** A C driver; `libraries` are its linker flags, `headers` the files that must be there. */
function cRecipe(name: JudgeProgram, source: string, libraries: readonly string[], headers: readonly string[]): Recipe {
  const compiler = (): string | undefined => findProgram("gcc") ?? findProgram("cc");
  return {
    versions() {
      const version = versionLine(compiler());
      if (version === undefined) return "no C compiler";
      const missing = headers.find((header) => !existsSync(header));
      if (missing !== undefined) return `${missing} is missing`;
      const library = headers.length === 0 ? [] : [versionLine("dpkg-query", "-W", "libbpf-dev") ?? "libbpf-dev ?"];
      return [version, ...library];
    },
    build() {
      const output = join(scratch(name), "judge");
      run(compiler() ?? "gcc", [...warnings, "-o", output, judgeSource(source), ...libraries]);
      return output;
    },
  };
}

/** libbpf 1.7 of the crate and the driver as one program without libraries: small machines (test/judges/qemu.ts) have none. */
const staticLibbpfRecipe: Recipe = {
  versions() {
    const compiler = versionLine(findProgram("gcc"));
    if (compiler === undefined) return "no gcc";
    if (findProgram("cargo") === undefined) return "no cargo";
    if (!existsSync("/usr/include/libelf.h")) return "libelf-dev is missing";
    return [compiler];
  },
  build() {
    const folder = scratch("machineLibbpf");
    const source = join(crateFolder("libbpf17", "libbpf-sys"), "libbpf");
    // The driver includes <bpf/...>, as from an installed library.
    const include = join(folder, "include");
    mkdirSync(include, { recursive: true });
    rmSync(join(include, "bpf"), { force: true });
    symlinkSync(join(source, "src"), join(include, "bpf"));
    const files = readdirSync(join(source, "src")).filter((file) => file.endsWith(".c"));
    const output = join(folder, "judge");
    run("gcc", [
      ...["-O2", "-w", "-static", "-D_LARGEFILE64_SOURCE", "-D_FILE_OFFSET_BITS=64"],
      ...[include, join(source, "include"), join(source, "include", "uapi")].map((path) => `-I${path}`),
      ...["-o", output, judgeSource("native/libbpf.c"), ...files.map((file) => join(source, "src", file))],
      ...["-lelf", "-lz"],
    ]);
    return output;
  },
};

/** Where cargo keeps the source of a crate that the crate in `folder` depends on; it fetches what it lacks. */
function crateFolder(folder: string, crate: string): string {
  const args = ["metadata", "--locked", "--format-version", "1"];
  const result = spawnSync(findProgram("cargo") ?? "cargo", args, {
    cwd: judgeSource(folder),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0) throw new Error(`cargo metadata: ${result.stderr}`);
  const { packages } = JSON.parse(result.stdout) as { packages: readonly { name: string; manifest_path: string }[] };
  const found = packages.find(({ name }) => name === crate);
  if (found === undefined) throw new Error(`${folder} does not depend on ${crate}`);
  return dirname(found.manifest_path);
}

/** A crate, built with whatever cargo is on PATH; crates that share a target folder share the builds of what they link. */
function cargoRecipe(name: JudgeProgram, folder: string, binary: string, shared: JudgeProgram = name): Recipe {
  const cargo = (): string | undefined => findProgram("cargo");
  return {
    versions() {
      const version = versionLine(findProgram("rustc"));
      return cargo() === undefined || version === undefined ? "no cargo and rustc" : [version];
    },
    build() {
      const target = scratch(shared);
      run(cargo() ?? "cargo", ["build", "--release", "--locked"], {
        cwd: judgeSource(folder),
        env: { CARGO_TARGET_DIR: target },
      });
      return join(target, "release", binary);
    },
  };
}

/**
 * aya-obj 0.6 and aya 0.16 ask for rustc 1.98 because of one library function; Debian's 1.96 has it behind a feature gate,
 * which the build opens for every crate.
 */
function newAyaRecipe(name: "aya06" | "aya16", folder: string): Recipe {
  const plain = cargoRecipe(name, folder, `judge-${name}`);
  const newEnough = (line: string | undefined): boolean => {
    const version = rustVersion(line);
    return version !== undefined && (version[0] > 1 || version[1] >= 98);
  };
  return {
    versions() {
      const own = versionLine(findProgram("rustc"));
      if (newEnough(own)) return plain.versions();
      const { rustc, cargo } = toolchain();
      const debian = versionLine(rustc);
      const version = rustVersion(debian);
      if (debian === undefined || cargo === undefined || version === undefined || version[1] < 96) {
        return `needs rustc 1.98, or Debian's 1.96 (rustc-web); found ${own ?? "none"}, ${debian ?? "none"}`;
      }
      return [debian];
    },
    build() {
      if (newEnough(versionLine(findProgram("rustc")))) return plain.build();
      const { rustc, cargo } = toolchain();
      const target = scratch(name);
      run(cargo ?? "cargo", ["build", "--release", "--locked", "--ignore-rust-version"], {
        cwd: judgeSource(folder),
        env: {
          CARGO_TARGET_DIR: target,
          RUSTC: rustc,
          RUSTC_BOOTSTRAP: "1",
          RUSTFLAGS: "-Zcrate-attr=feature(result_option_map_or_default)",
        },
      });
      return join(target, "release", `judge-${name}`);
    },
  };
}

const ciliumRecipe: Recipe = {
  versions() {
    const version = versionLine(findProgram("go", "/usr/local/go/bin/go"), "version");
    return version === undefined ? "no go" : [version];
  },
  build() {
    const output = join(scratch("cilium"), "judge");
    const go = findProgram("go", "/usr/local/go/bin/go") ?? "go";
    run(go, ["build", "-trimpath", "-buildvcs=false", "-o", output, "."], {
      cwd: judgeSource("cilium"),
      env: { CGO_ENABLED: "0" },
    });
    return output;
  },
};

const recipes: Readonly<Record<JudgeProgram, Recipe>> = {
  kernel: cRecipe("kernel", "native/kernel.c", [], []),
  libbpf17: cargoRecipe("libbpf17", "libbpf17", "judge-libbpf17"),
  libbpf11: cRecipe("libbpf11", "native/libbpf.c", ["-lbpf", "-lelf", "-lz"], ["/usr/include/bpf/libbpf.h"]),
  dedup17: cargoRecipe("dedup17", "dedup17", "judge-dedup17", "libbpf17"),
  dedup11: cRecipe("dedup11", "native/dedup.c", ["-lbpf", "-lelf", "-lz"], ["/usr/include/bpf/btf.h"]),
  cilium: ciliumRecipe,
  aya03: cargoRecipe("aya03", "aya/v03", "judge-aya03"),
  aya06: newAyaRecipe("aya06", "aya/v06"),
  aya14: cargoRecipe("aya14", "aya-run/v14", "judge-aya14"),
  aya16: newAyaRecipe("aya16", "aya-run/v16"),
  attach: cRecipe("attach", "native/attach.c", ["-lbpf", "-lelf", "-lz"], ["/usr/include/bpf/libbpf.h"]),
  machineInit: cRecipe("machineInit", "native/init.c", ["-static"], []),
  machineKernel: cRecipe("machineKernel", "native/kernel.c", ["-static"], []),
  machineLibbpf: staticLibbpfRecipe,
};

/** Builds one judge unless the cache holds it, built from these sources by these compilers. Never throws. */
export function ensureJudge(name: JudgeProgram, say: (line: string) => void): void {
  const recipe = recipes[name];
  const versions = recipe.versions();
  if (typeof versions === "string") {
    say(`${name}: not built: ${versions}`);
    return;
  }
  const folder = judgeFolder(name);
  const program = join(folder, "judge");
  const stamp = join(folder, "built-with");
  const wanted = `${versions.join("\n")}\n`;
  if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) {
    say(`${name}: up to date`);
    return;
  }
  say(`${name}: building with ${versions.join(", ")}`);
  try {
    const built = recipe.build();
    mkdirSync(folder, { recursive: true });
    // Renamed into place, since a test that runs beside this must never start half a program.
    const fresh = `${program}.${process.pid}`;
    copyFileSync(built, fresh);
    renameSync(fresh, program);
    writeFileSync(stamp, wanted);
  } catch (error) {
    say(`${name}: not built: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Installs bpf-linker into the cache unless the wanted version is there. Never throws. */
export function ensureBpfLinker(say: (line: string) => void): void {
  const { bpfLinker, bpfLinkerBin } = toolchain();
  const found = versionLine(bpfLinker);
  if (found?.includes(bpfLinkerVersion)) {
    say(`bpf-linker: up to date (${found})`);
    return;
  }
  const cargo = findProgram("cargo");
  const llvm = "/usr/lib/llvm-22";
  if (cargo === undefined || !existsSync(llvm)) {
    say(`bpf-linker: not built: ${cargo === undefined ? "no cargo" : "no LLVM 22 (llvm-22-dev)"}`);
    return;
  }
  say(`bpf-linker: building ${bpfLinkerVersion} with LLVM 22`);
  const args = [
    "install",
    "bpf-linker",
    "--version",
    bpfLinkerVersion,
    "--no-default-features",
    "--features",
    "llvm-22",
  ];
  try {
    run(cargo, [...args, "--force", "--root", join(bpfLinkerBin, "..")], { env: { LLVM_PREFIX: llvm } });
  } catch (error) {
    say(`bpf-linker: not built: ${error instanceof Error ? error.message : String(error)}`);
  }
}
