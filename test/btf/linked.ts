import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseElf } from "../../src/elf/parse.ts";
import { findProgram, toolchain, versionLine } from "../../tools/judges/toolchain.ts";
import { type Judge, once } from "../judges/judge.ts";
import { inScratch } from "../judges/run.ts";

const linker = findProgram("bpf-ld.bfd");
const BPFTOOL = findProgram("bpftool", "/usr/sbin/bpftool");

/** GNU ld for BPF, of Debian's binutils-bpf. */
export const gnuLd: () => Judge = once(() => {
  const version = versionLine(linker, "--version");
  const usable = version !== undefined;
  return { name: "GNU ld", version: version ?? "", usable, why: usable ? "" : "no bpf-ld.bfd (gcc-bpf)" };
});

/** Sections and symbols that a link of several programs gives. */
export interface Linked {
  readonly btf: Uint8Array;
  readonly ext: Uint8Array;
  /** Offset of each symbol in its section, by name. */
  readonly symbols: ReadonlyMap<string, number>;
}

/** The C programs compiled and linked twice: by GNU ld, which concatenates their BTF, and by bpftool, which links it. */
export function linkBoth(sources: readonly string[]): { readonly gnu: Linked; readonly bpftool: Linked } {
  return inScratch((folder) => {
    const call = (program: string | undefined, ...args: readonly string[]): void => {
      execFileSync(program ?? "missing", args, { stdio: ["ignore", "ignore", "pipe"] });
    };
    const objects = sources.map((source, index) => {
      const [input, object] = [join(folder, `${index}.c`), join(folder, `${index}.o`)];
      writeFileSync(input, source);
      call(toolchain().clang, "-target", "bpfel", "-mcpu=v3", "-g", "-O2", "-c", input, "-o", object);
      return object;
    });
    const [gnu, bpftool] = [join(folder, "gnu.o"), join(folder, "bpftool.o")];
    call(linker, "-r", ...objects, "-o", gnu);
    call(BPFTOOL, "gen", "object", bpftool, ...objects);
    return { gnu: read(gnu), bpftool: read(bpftool) };
  });
}

function read(path: string): Linked {
  const elf = parseElf(new Uint8Array(readFileSync(path)));
  const section = (name: string): Uint8Array =>
    elf.sections.find((candidate) => candidate.name === name)?.bytes ?? new Uint8Array();
  return {
    btf: section(".BTF"),
    ext: section(".BTF.ext"),
    symbols: new Map(elf.symbols.map(({ name, value }) => [name, value])),
  };
}

/** Objects linked to one by GNU ld, or by bpftool. */
export function linkObjects(by: "gnu" | "bpftool", objects: readonly Uint8Array[]): Uint8Array {
  return inScratch((folder) => {
    const inputs = objects.map((bytes, index) => {
      const input = join(folder, `${index}.o`);
      writeFileSync(input, bytes);
      return input;
    });
    const output = join(folder, "linked.o");
    const order = objects[0]?.[5] === 2 ? ["-EB"] : [];
    const call = { gnu: [linker, ...order, "-r", "-o", output], bpftool: [BPFTOOL, "gen", "object", output] }[by];
    const [program = "missing", ...args] = call;
    execFileSync(program, [...args.filter((arg) => arg !== undefined), ...inputs], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    return new Uint8Array(readFileSync(output));
  });
}
