/** Objects with DWARF for the tests of this folder: compiled on the spot where compilers are installed, and the corpus. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const sources = fileURLToPath(new URL("sources", import.meta.url));
const corpus = fileURLToPath(new URL("../../corpus", import.meta.url));

/** One object on disk. */
export interface Sample {
  readonly name: string;
  readonly path: string;
}

/** Whether a program can be run. */
export function hasProgram(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Skips a test that needs `programs`, with the reason in its name; fails instead where all judges are required. */
export function missingPrograms(...programs: readonly string[]): string | undefined {
  const missing = programs.filter((program) => !hasProgram(program));
  if (missing.length === 0) return undefined;
  const reason = `${missing.join(", ")} not installed`;
  if (process.env["BTF_FIX_JUDGES"] === "required") throw new Error(reason);
  return reason;
}

/** A folder for one test file; removed by `remove`. */
export interface Workshop {
  /** Runs a compiler in the folder of the sources; false if it refuses the flags. */
  compile(program: string, args: readonly string[], name: string): Sample | undefined;
  remove(): void;
}

export function workshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-dwarf-"));
  return {
    compile(program, args, name) {
      const path = join(folder, name);
      const run = spawnSync(program, [...args, "-o", path], { cwd: sources, encoding: "utf8" });
      return run.status === 0 && existsSync(path) ? { name, path } : undefined;
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Both byte orders, DWARF 2 to 5, two optimisation levels, C and C++, joined units, 64-bit DWARF, compression. */
export function clangSamples(shop: Workshop): Sample[] {
  const samples: (Sample | undefined)[] = [];
  const clang = (name: string, ...args: string[]): Sample | undefined => {
    const sample = shop.compile("clang-22", args, name);
    samples.push(sample);
    return sample;
  };
  for (const order of ["bpfel", "bpfeb"]) {
    for (const version of ["2", "3", "4", "5"]) {
      const common = ["-target", order, "-g", `-gdwarf-${version}`, "-c"];
      clang(`first.${order}.${version}.o`, ...common, "-O2", "first.c");
      clang(`first.${order}.${version}.O0.o`, ...common, "-O0", "first.c");
      // clang 22 crashes on static members in DWARF 5 for BPF.
      if (version !== "5") clang(`names.${order}.${version}.o`, ...common, "-O1", "names.cpp");
    }
    clang(`first.${order}.dwarf64.o`, "-target", order, "-g", "-gdwarf-5", "-gdwarf64", "-O2", "-c", "first.c");
    clang(`first.${order}.zlib.o`, "-target", order, "-g", "-gz=zlib", "-O2", "-c", "first.c");
    samples.push(joined(shop, order));
  }
  return samples.filter((sample) => sample !== undefined);
}

/** Two units that refer to each other's types (DW_FORM_ref_addr), as bpf-linker makes them. */
function joined(shop: Workshop, order: string): Sample | undefined {
  const parts = ["first", "second"].map((name) =>
    shop.compile("clang-22", ["-target", order, "-g", "-O1", "-emit-llvm", "-c", `${name}.c`], `${name}.${order}.bc`),
  );
  const [first, second] = parts;
  if (first === undefined || second === undefined) return undefined;
  const module = shop.compile("llvm-link-22", [first.path, second.path], `joined.${order}.bc`);
  if (module === undefined) return undefined;
  return shop.compile("llc-22", [`-march=${order}`, "-filetype=obj", module.path], `joined.${order}.o`);
}

/** What gcc for BPF makes; it writes no BTF tags and other forms than LLVM. */
export function gccSamples(shop: Workshop): Sample[] {
  const samples: (Sample | undefined)[] = [];
  for (const order of ["-mlittle-endian", "-mbig-endian"]) {
    for (const version of ["2", "3", "4", "5"]) {
      const args = [order, "-O1", "-g", `-gdwarf-${version}`, "-Wno-attributes", "-c", "second.c"];
      samples.push(shop.compile("bpf-gcc", args, `gcc.${order.slice(1, 4)}.${version}.o`));
    }
  }
  return samples.filter((sample) => sample !== undefined);
}

/** Committed objects below `corpus/`, at most `limit` of each group. */
export function corpusSamples(limit: number): Sample[] {
  const samples: Sample[] = [];
  if (!existsSync(corpus)) return samples;
  for (const group of readdirSync(corpus, { withFileTypes: true })) {
    if (!group.isDirectory() || group.name.startsWith(".")) continue;
    const files = readdirSync(join(corpus, group.name)).filter((name) => name.endsWith(".o"));
    const step = Math.max(1, Math.ceil(files.length / limit));
    for (const [i, file] of files.entries()) {
      if (i % step === 0) samples.push({ name: `${group.name}/${file}`, path: join(corpus, group.name, file) });
    }
  }
  return samples;
}

/** A sample's bytes. */
export function bytesOf(sample: Sample): Uint8Array {
  return new Uint8Array(readFileSync(sample.path));
}

/** Output of a judge. */
export function outputOf(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    // It warns at length of gcc's relocation types.
    stdio: ["ignore", "pipe", "ignore"],
  });
}
