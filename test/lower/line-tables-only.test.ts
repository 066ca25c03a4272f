import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { parseBtf } from "../../src/btf/parse.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { compareBtf } from "../../tools/conformance/canonical.ts";
import { toolchain } from "../../tools/judges/toolchain.ts";
import { clang } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { inScratch } from "../judges/run.ts";
import { emittedSections, oldSections, readElf, writtenSections } from "./emitted.ts";
import { compileRust, rustc } from "./rustc.ts";

const SOURCES = new URL("../../corpus/c/src", import.meta.url).pathname;
/** Own C programs of several functions, inlined ones, in several sections; with no externs, on which clang 22 itself crashes at -g1. */
const PROGRAMS = [
  "subprograms",
  "inlined",
  "sections",
  "globals",
  "maps_basic",
  "packet_parsing",
  "other_lines",
  "macros",
];

/** A generic function, a closure and a library function that is inlined: their names are not those of their symbols. */
const RUST = `
#[inline(never)] pub fn generic<T: Copy + Into<u64>>(t: T) -> u64 { let x: u64 = t.into(); x * 3 + 1 }
#[no_mangle] #[link_section = "xdp"] pub extern "C" fn prog(c: *mut u8) -> u32 {
    let f = |a: u64| a + c as u64;
    (generic(3u8) + generic(c as u64) + f(2)) as u32
}
`;

function expectSame(elf: ElfView): void {
  const written = writtenSections(elf);
  for (const from of ["both", "dwarf"] as const) {
    const emitted = emittedSections(elf, { from, old: oldSections(elf) });
    const [ours, theirs] = [emitted, written].map(({ btf }) => parseBtf(Buffer.from(btf ?? "", "hex")));
    expect(ours && theirs && compareBtf(ours, theirs)).toEqual(["function-type"]);
    // Lines that are recorded again are a fact of the witness.
    if (from === "both") expect(emitted.ext).toBe(written.ext);
  }
}

// The expectation is what LLVM wrote.
describe("functions of which only lines are known", () => {
  for (const program of PROGRAMS) {
    judgeTest(clang())(`of ${program}`, () => {
      inScratch((folder) => {
        for (const target of ["bpfel", "bpfeb"]) {
          const output = join(folder, `${target}.o`);
          const args = [
            `--target=${target}`,
            "-mcpu=v3",
            "-O2",
            "-g1",
            "-nostdinc",
            "-c",
            `${program}.c`,
            "-o",
            output,
          ];
          execFileSync(toolchain().clang ?? "clang-22", args, { cwd: SOURCES, stdio: ["ignore", "ignore", "pipe"] });
          expectSame(readElf(output));
        }
      });
    });
  }

  judgeTest(rustc())("of Rust", () => {
    for (const target of ["bpfel", "bpfeb"] as const) expectSame(readElf(compileRust(RUST, target, 1)));
  });
});
