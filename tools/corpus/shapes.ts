import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Group, Recipe } from "./recipe.ts";
import {
  byteOrderName,
  libraries,
  PROJECT,
  SEAL,
  sealed,
  sealedCommand,
  TARGETS,
  type Target,
  type Toolchain,
} from "./toolchain.ts";

const SOURCES = "corpus/shapes/src";

/** Programs without crates, by rustc and LLVM's bare code generator: the BTF as LLVM writes it. */
export function shapes(): Group {
  return { name: "shapes", tools: ["rustc", "llvm", "llc"], recipes: recipes(compiled) };
}

/** The same programs through bpf-linker with `--btf`, every unmangled program, map and global exported. */
export function linkedShapes(): Group {
  return { name: "shapes-linked", tools: ["rustc", "llvm", "bpf-linker"], recipes: recipes(linked) };
}

function recipes(make: (shape: string, target: Target) => Recipe): Recipe[] {
  return readdirSync(join(PROJECT, SOURCES))
    .filter((file) => file.endsWith(".rs"))
    .sort()
    .map((file) => file.slice(0, -".rs".length))
    .flatMap((shape) => TARGETS.map((target) => make(shape, target)));
}

function compiled(shape: string, target: Target): Recipe {
  const order = byteOrderName(target);
  const args = (bitcode: string, output: string): string[] => [
    `-march=${order}`,
    "-mcpu=v3",
    "-filetype=obj",
    "-o",
    output,
    bitcode,
  ];
  return {
    ...common(shape, target),
    command: `${bitcodeCommand(shape, target)} && ${sealedCommand(SOURCES, `llc-22 ${args(`${shape}.bc`, `${shape}.${order}.o`).join(" ")}`)}`,
    build(toolchain, output) {
      withBitcode(toolchain, shape, target, (bitcode) => {
        execFileSync(...sealed(toolchain.llc, args(bitcode, output)), { cwd: join(PROJECT, SOURCES) });
      });
    },
  };
}

function linked(shape: string, target: Target): Recipe {
  const order = byteOrderName(target);
  const args = (exported: string, output: string, inputs: readonly string[]): string[] => [
    "--btf",
    "--cpu",
    "v3",
    "-O",
    "2",
    "--export",
    exported,
    "-o",
    output,
    ...inputs,
  ];
  const exportsCommand = `$(llvm-nm-22 --defined-only --extern-only --format=just-symbols ${shape}.bc | grep -v -e ^_ZN -e ^_R | paste -sd,)`;
  const inputsCommand = [`${shape}.bc`, `$(rustc --target ${target} --print target-libdir)/*.rlib`];
  return {
    ...common(shape, target),
    command: `${bitcodeCommand(shape, target)} && ${sealedCommand(SOURCES, `bpf-linker ${args(`"${exportsCommand}"`, `${shape}.${order}.o`, inputsCommand).join(" ")}`)}`,
    build(toolchain, output) {
      withBitcode(toolchain, shape, target, (bitcode) => {
        const inputs = [bitcode, ...libraries(toolchain, target)];
        execFileSync(...sealed(toolchain.bpfLinker, args(exported(toolchain, bitcode).join(","), output, inputs)), {
          cwd: join(PROJECT, SOURCES),
        });
      });
    },
  };
}

function common(shape: string, target: Target): Pick<Recipe, "file" | "source" | "inputs" | "target"> {
  return {
    file: `${shape}.${byteOrderName(target)}.o`,
    source: `${SOURCES}/${shape}.rs`,
    inputs: [SEAL],
    target,
  };
}

/** rustc hands the linker the `#[no_mangle]` and `#[export_name]` items; a mangled name is never among them. */
function exported(toolchain: Toolchain, bitcode: string): string[] {
  const args = ["--defined-only", "--extern-only", "--format=just-symbols", bitcode];
  const symbols = execFileSync(toolchain.nm, args, { encoding: "utf8" }).split("\n");
  return symbols.filter((name) => name !== "" && !/^_(ZN|R)/.test(name));
}

function bitcodeArgs(shape: string, target: Target, folder: string, output: string): string[] {
  return [
    ...["--edition", "2021", "--target", target, "-C", "debuginfo=2", "-C", "opt-level=2", "-C", "panic=abort"],
    ...["--crate-type", "lib", "--crate-name", shape, "-A", "warnings", `--remap-path-prefix=${folder}=.`],
    ...[`--emit=obj=${output}`, `${shape}.rs`],
  ];
}

function bitcodeCommand(shape: string, target: Target): string {
  return `cd ${SOURCES} && ${sealedCommand(SOURCES, `/usr/bin/rustc ${bitcodeArgs(shape, target, "$PWD", `${shape}.bc`).join(" ")}`)}`;
}

/**
 * Compiles a shape to bitcode in a folder that is gone afterwards. rustc and llc both run in the folder of the sources:
 * LLVM reads the line text of `.BTF.ext` from there.
 *
 * @throws what `execFileSync` throws when rustc fails
 */
export function withBitcode(toolchain: Toolchain, shape: string, target: Target, use: (bitcode: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-shape-"));
  try {
    const bitcode = join(folder, `${shape}.bc`);
    const cwd = join(PROJECT, SOURCES);
    // RUSTC_BOOTSTRAP would make rustc mangle names as a nightly does.
    const env = { ...process.env, RUSTC_BOOTSTRAP: undefined };
    execFileSync(...sealed(toolchain.rustc, bitcodeArgs(shape, target, cwd, bitcode)), { cwd, env });
    use(bitcode);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
