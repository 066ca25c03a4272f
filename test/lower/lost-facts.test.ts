import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { loadDwarfModule } from "../../src/dwarf/module.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { toolchain } from "../../tools/judges/toolchain.ts";
import { wasmBytes } from "../../wasm/index.ts";
import { clang } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { inScratch } from "../judges/run.ts";
import { readElf, writtenSections } from "./emitted.ts";

const module = loadDwarfModule(wasmBytes());

/** Everything that `--from dwarf` may read: code, data, symbols and debug info. File digests apart, for the sources differ. */
function evidence(elf: ElfView): unknown {
  const isEvidence = (name: string): boolean => !/^(\.rel)?\.(BTF|debug_line|strtab|symtab|llvm_addrsig)|^$/.test(name);
  const lines = openDwarf(elf, module)?.lines();
  const sections = elf.sections.filter(({ name }) => isEvidence(name));
  return {
    sections: sections.map(({ name, bytes }) => `${name} ${Buffer.from(bytes).toString("hex")}`),
    symbols: elf.symbols.map(({ name, value, size, type, binding }) => [name, value, size, type, binding]),
    lines: Array.from({ length: lines?.length ?? 0 }, (_, index) => lines?.row(index)),
  };
}

/** Compiles sources one after the other under one name, each with flags of its own. */
function compiled(sources: readonly (readonly [source: string, ...flags: string[]])[]): readonly ElfView[] {
  return inScratch((folder) =>
    sources.map(([source, ...flags]) => {
      writeFileSync(join(folder, "program.c"), source);
      const args = ["--target=bpfel", "-mcpu=v3", "-O2", "-g", ...flags, "-c", "program.c", "-o", "program.o"];
      execFileSync(toolchain().clang ?? "clang-22", args, { cwd: folder });
      return readElf(new Uint8Array(readFileSync(join(folder, "program.o"))));
    }),
  );
}

/** A source in which `$` is one text or another. */
const PAIRS = {
  "core-roots": {
    texts: [" __attribute__((preserve_access_index))", ""],
    source: `struct rq { int cpu; int clock; }$; __attribute__((section("tc"))) int f(void *ctx) { return ((struct rq *)ctx)->clock; }`,
  },
  "extern-section": {
    texts: [` __attribute__((section(".ksyms")))`, ""],
    source: `extern int kfunc(int)$; __attribute__((section("tc"))) int f(void *ctx) { return kfunc(1); }`,
  },
  "extern-prototype": {
    texts: [` __attribute__((btf_decl_tag("tag")))`, ""],
    source: `extern int kfunc(int number$); __attribute__((section("tc"))) int f(void *ctx) { return kfunc(1); }`,
  },
};

// The judge is clang: it writes other BTF where nothing else of the object tells the two apart.
describe("what DWARF and ELF do not say", () => {
  for (const [fact, { texts, source }] of Object.entries(PAIRS)) {
    judgeTest(clang())(fact, () => {
      // Alike in length, so that lines and columns are.
      const width = Math.max(...texts.map((text) => text.length));
      const [one, other] = compiled(texts.map((text) => [source.replace("$", text.padEnd(width))]));
      if (one === undefined || other === undefined) throw new Error("there are two");
      expect(evidence(one)).toEqual(evidence(other));
      expect(writtenSections(one).btf).not.toBe(writtenSections(other).btf);
    });
  }

  judgeTest(clang())("repeated-lines", () => {
    const source = `long sum;\n__attribute__((section("tc"))) int f(long *ctx) {\n  sum += ctx[1];\n  return 0;\n}`;
    const [one, other] = compiled([[source], [source, "-gno-key-instructions"]]);
    if (one === undefined || other === undefined) throw new Error("there are two");
    expect(evidence(one)).toEqual(evidence(other));
    expect(writtenSections(one).ext).not.toBe(writtenSections(other).ext);
  });
});
