import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { linesOf } from "../../src/lower/source-text.ts";
import { toolchain } from "../../tools/judges/toolchain.ts";
import { clang } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { inScratch } from "../judges/run.ts";
import { emittedSections, readElf, writtenSections } from "./emitted.ts";

const HEADER = `static inline int doubled(int n) {\r\n\treturn n * 2;   /* \u00e4 */\r\n}\r\n`;
const PROGRAM = `#include "doubled.h"
int total;
__attribute__((section("xdp"))) int program(void *ctx) {
  total = doubled(total);

  return total;
}`;

/** What clang writes, and what is made of DWARF alone: no section quotes a line, no file is at hand. */
function sections(target: string, flags: readonly string[]): readonly [ours: string, written: string] {
  return inScratch((folder) => {
    writeFileSync(join(folder, "doubled.h"), HEADER);
    writeFileSync(join(folder, "program.c"), PROGRAM);
    const args = [`--target=${target}`, "-mcpu=v3", "-O2", "-g", ...flags, "-c", "program.c", "-o", "program.o"];
    execFileSync(toolchain().clang ?? "clang-22", args, { cwd: folder });
    const elf = readElf(new Uint8Array(readFileSync(join(folder, "program.o"))));
    return [emittedSections(elf, { from: "dwarf" }).btf ?? "", writtenSections(elf).btf ?? ""];
  });
}

// The expectation is what clang wrote.
describe("source that the compiler has embedded is quoted", () => {
  for (const target of ["bpfel", "bpfeb"]) {
    for (const flags of [
      ["-gembed-source"],
      ["-gembed-source", "-gdwarf64"],
      ["-gembed-source", "-fdebug-compilation-dir=."],
    ]) {
      judgeTest(clang())(`${target} ${flags.join(" ")}`, () => {
        const [ours, written] = sections(target, flags);
        expect(ours).toBe(written);
      });
    }
  }

  judgeTest(clang())("and no other source is known", () => {
    const [ours, written] = sections("bpfel", []);
    expect(ours.length).toBeLessThan(written.length);
  });
});

test("lines end at a newline, which a return may come before", () => {
  const lines = (text: string): string[] => linesOf(Buffer.from(text)).map((line) => Buffer.from(line).toString());
  expect(lines("")).toEqual([]);
  expect(lines("a\r\n\n\r\nb\rc")).toEqual(["a", "", "", "b\rc"]);
});
