import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { readObjectFile } from "../e2e/object-file.ts";
import { corpusObject, testWith } from "../elf/objects.ts";
import { aya03, aya06, runAya } from "../judges/aya.ts";
import { bpftool, bpftoolLink } from "../judges/bpftool.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer, inScratch } from "../judges/run.ts";
import { seed } from "../seed.ts";

const SHT_REL = 9;
const NAME = 0;
const LINK = 40;
const INFO = 44;

/** The object with one word of a section's header replaced. */
function spoil(object: Uint8Array, section: string, field: number, value: number): Buffer {
  const copy = Buffer.from(object);
  const { sections, littleEndian } = readObjectFile(copy);
  const header = sections.find(({ name }) => name === section)?.headerAt ?? -1;
  if (littleEndian) copy.writeUInt32LE(value, header + field);
  else copy.writeUInt32BE(value, header + field);
  return copy;
}

function relocationNames(object: Uint8Array): readonly string[] {
  return readObjectFile(object).sections.flatMap(({ name, type }) => (type === SHT_REL ? [name] : []));
}

const OBJECTS = ["shapes/s26_globals.bpfel.o", "shapes/s26_globals.bpfeb.o"];

describe.each(OBJECTS)("%s", (path) => {
  const original = corpusObject(path);
  const names = relocationNames(original);

  test("a number of no section becomes that of the section whose name is carried", async () => {
    const wanted = (await fixObject(original)).bytes;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.integer({ min: 100, max: 0xffff_ffff }), async (name, info) => {
        const spoiled = spoil(original, name, INFO, info);
        const found = (await checkObject(spoiled)).diagnostics.filter(({ rule }) => rule === "elf/dangling-info");
        expect(found).toMatchObject([
          { message: `${name} relocates section ${info}, which does not exist`, severity: "error" },
        ]);
        expect((await fixObject(spoiled)).bytes).toEqual(wanted);
      }),
      { numRuns: 15, seed: seed() },
    );
  });

  test("so do the number of another section, and of no symbol table", async () => {
    const wanted = (await fixObject(original)).bytes;
    for (const name of names) {
      for (const [field, value] of [
        [INFO, 0],
        [INFO, 1],
        [LINK, 0],
        [LINK, 99],
      ] as const) {
        expect((await fixObject(spoil(original, name, field, value))).bytes).toEqual(wanted);
      }
    }
  });
});

test("a section that is named after none is told, and left", async () => {
  const dangling = spoil(corpusObject("shapes/s26_globals.bpfel.o"), ".rel.BTF", INFO, 777);
  const other = readObjectFile(dangling).sections.find(({ name }) => name === ".text")?.nameAt ?? 0;
  const { diagnostics } = await fixObject(spoil(dangling, ".rel.BTF", NAME, other));
  const found = diagnostics.filter(({ rule }) => rule === "elf/dangling-info");
  expect(found).toMatchObject([{ message: ".text relocates section 777, which does not exist" }]);
  expect(found[0]).not.toHaveProperty("fixed");
});

/** llvm-objcopy asks a section that it has freed for its number: with the heap made dirty it shows every time. */
function updated(path: string): Uint8Array {
  return inScratch((folder) => {
    const [input, blob, output] = [join(folder, "in.o"), join(folder, "btf"), join(folder, "out.o")];
    writeFileSync(input, corpusObject(path));
    const env = { ...process.env, MALLOC_PERTURB_: "165", GLIBC_TUNABLES: "glibc.malloc.tcache_count=0" };
    execFileSync("llvm-objcopy-22", [`--dump-section=.BTF=${blob}`, input, "/dev/null"]);
    execFileSync("llvm-objcopy-22", [`--update-section=.BTF=${blob}`, input, output], { env });
    return new Uint8Array(readFileSync(output));
  });
}

describe("llvm-objcopy --update-section", () => {
  testWith("llvm-objcopy-22")("leaves an object that is read, and set right", async () => {
    const raw = updated("shapes/s01_plain_repr_c.bpfel.o");
    const { sections } = readObjectFile(raw);
    const info = sections.find(({ name }) => name === ".rel.BTF")?.info ?? 0;
    const { bytes, diagnostics } = await fixObject(raw);
    // A newer llvm-objcopy may know better.
    if (info >= sections.length) expect(diagnostics.map(({ rule }) => rule)).toContain("elf/dangling-info");
    const fixed = readObjectFile(bytes).sections;
    expect(fixed[fixed.find(({ name }) => name === ".rel.BTF")?.info ?? 0]?.name).toBe(".BTF");
  });

  judgeTest(
    aya03(),
    aya06(),
    bpftool(),
    libbpf17(),
  )("what aya and bpftool refuse, they take", async () => {
    const original = corpusObject("shapes/s01_plain_repr_c.bpfel.o");
    const raw = spoil(original, ".rel.BTF", INFO, 0x7f3a_1c90);
    const { bytes } = await fixObject(raw);
    for (const library of ["aya03", "aya06"] as const) {
      expect(answer(runAya(library, raw)).parse).toEqual({ ok: false, error: "error parsing ELF data" });
      expect(answer(runAya(library, bytes)).relocate).toEqual({ ok: true, error: null });
    }
    expect(answer(bpftoolLink([raw])).stderr).toMatch(/ELF relo section #14 points to missing section #2134514832/);
    expect(answer(bpftoolLink([bytes]))).toMatchObject({ ok: true, stderr: "" });
    const code = ".reltracepoint/sched/sched_process_fork";
    const lost = spoil(original, code, INFO, 10_000);
    expect(answer(runLibbpf("libbpf17", lost)).open).toEqual({ ok: false, errno: 4001 });
    expect(answer(runLibbpf("libbpf17", (await fixObject(lost)).bytes))).toMatchObject({ load: { ok: true } });
  });
});
