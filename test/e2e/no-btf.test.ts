import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { emitObject } from "../../src/emit.ts";
import { checkObject, fixObject } from "../../src/index.ts";
import { versionLine } from "../../tools/judges/toolchain.ts";
import { judgeResult } from "../../tools/scoreboard/fine.ts";
import { scoreboardJudges } from "../../tools/scoreboard/judges.ts";
import { corpusObjects, type ScoredObject } from "../../tools/scoreboard/objects.ts";
import { READELF, testWith } from "../elf/objects.ts";
import { type ReadelfObject, readelf } from "../elf/readelf.ts";
import { bpftool, bpftoolDump } from "../judges/bpftool.ts";
import { type Judge, once } from "../judges/judge.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { runLibbpf } from "../judges/libbpf.ts";
import { answer, asFile, inScratch } from "../judges/run.ts";

const OBJCOPY = "llvm-objcopy-22";

/** What removes the sections is not ours. */
const objcopy: () => Judge = once(() => {
  const version = versionLine(OBJCOPY, "--version");
  const usable = version !== undefined;
  return { name: OBJCOPY, version: version ?? "", usable, why: usable ? "" : "not installed" };
});

const SECTIONS = [".BTF", ".BTF.ext", ".rel.BTF", ".rel.BTF.ext"];

/** The object as a toolchain leaves it that writes no BTF. */
function withoutSections(object: Uint8Array, sections: readonly string[] = SECTIONS): Buffer {
  return inScratch((folder) =>
    asFile(object, "object.o", (path) => {
      const output = join(folder, "without.o");
      execFileSync(OBJCOPY, [...sections.map((section) => `--remove-section=${section}`), path, output]);
      return readFileSync(output);
    }),
  );
}

/** The object with this byte of its `.BTF` (little-endian) changed. */
function spoilt(object: Buffer, offset: number): Buffer {
  const copy = Buffer.from(object);
  const magic = copy.indexOf(Buffer.from([0x9f, 0xeb, 1, 0, 24, 0, 0, 0]));
  copy.writeUInt8(0xff, magic + offset);
  return copy;
}

/** Rust and C: maps of every form, globals, callbacks, two programs, linked or not. */
const SAMPLE = [
  "aya/fork.bpfel.release.o",
  "aya/fork.bpfel.dev.o",
  "aya/more/generics.bpfel.o",
  "aya/more/keyless.bpfel.o",
  "aya/more/nested_maps.bpfel.o",
  "shapes/s03_unsafecell.bpfel.o",
  "shapes/s12_map_in_map.bpfel.o",
  "shapes/s26_globals.bpfel.o",
  "shapes-linked/s18_u128.bpfel.o",
  "shapes-linked/s28_callbacks_closures.bpfel.o",
  "c/kconfig.bpfel.o",
  "c/kernel_pointers.bpfel.o",
  "c/maps_types.bpfel.o",
  "c/subprograms.bpfel.o",
];

const objects = corpusObjects();

function object(name: string): ScoredObject {
  const found = objects.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no object ${name}`);
  return found;
}

describe("an object without BTF is fine once fixed", () => {
  for (const name of SAMPLE) {
    judgeTest(objcopy(), ...scoreboardJudges())(name, async () => {
      const { path } = object(name);
      const raw = withoutSections(readFileSync(path));
      const result = await fixObject(raw);
      const { fixed, reasons } = await judgeResult(path, raw, result);
      expect(reasons).toEqual([]);
      expect(fixed?.column).toBe("OK/OK/yes");
      expect(result.diagnostics[0]).toMatchObject({ rule: "elf/btf-missing", fixed: "regenerated from DWARF" });
      expect(result.summary[0]).toBe(".BTF regenerated from DWARF");
      expect(result.changed).toBe(true);
    });
  }
});

describe("an object whose BTF cannot be read gets another", () => {
  judgeTest(objcopy(), ...scoreboardJudges())("magic, header and types", async () => {
    const { path } = object("aya/fork.bpfel.release.o");
    const raw = readFileSync(path);
    const made = await fixObject(withoutSections(raw));
    // The magic, the length of the header, that of the types, the kind of the first type.
    for (const offset of [0, 4, 14, 24 + 7]) {
      const bad = spoilt(raw, offset);
      const result = await fixObject(bad);
      expect((await judgeResult(path, bad, result)).reasons).toEqual([]);
      expect(result.diagnostics[0]?.message).toMatch(/^section \.BTF cannot be read: /);
      expect(
        answer(bpftoolDump(result.bytes, "raw")).stdout.equals(answer(bpftoolDump(made.bytes, "raw")).stdout),
      ).toBe(true);
    }
  });

  judgeTest(objcopy(), ...scoreboardJudges())("`.BTF` alone is gone, or `.BTF.ext` is", async () => {
    const { path } = object("shapes/s26_globals.bpfel.o");
    const original = readFileSync(path);
    for (const sections of [
      [".BTF", ".rel.BTF"],
      [".BTF.ext", ".rel.BTF.ext"],
    ]) {
      const raw = withoutSections(original, sections);
      const result = { ...(await fixObject(raw)), bytes: await emitObject(raw, { dialect: "rust" }) };
      expect((await judgeResult(path, raw, result)).reasons).toEqual([]);
    }
  });
});

describe("what judges say of it as it came is what the finding says", () => {
  judgeTest(objcopy(), ...scoreboardJudges())("libbpf", async () => {
    const raw = readFileSync(object("aya/fork.bpfel.release.o").path);
    for (const bytes of [withoutSections(raw), spoilt(raw, 0)]) {
      const { diagnostics, verdicts } = await checkObject(bytes);
      expect(diagnostics).toHaveLength(1);
      expect(diagnostics[0]).toMatchObject({ rule: "elf/btf-missing", severity: "error" });
      const { open, log } = answer(runLibbpf("libbpf17", bytes));
      expect(verdicts.libbpf).toMatchObject({ accepted: open.ok, errno: open.errno, stage: "bpf_object__open" });
      expect(log.map(({ text }) => text)).toContain(`libbpf: ${verdicts.libbpf.message}`);
    }
  });
});

interface Layout {
  readonly header: unknown;
  readonly relocations: readonly string[];
}

describe("what only the old BTF knew is said to be lost", () => {
  for (const name of ["shapes/s37_extern_kfunc.bpfel.o"]) {
    judgeTest(objcopy(), ...scoreboardJudges())(`externs of ${name}`, async () => {
      const { bytes, diagnostics, verdicts } = await fixObject(withoutSections(readFileSync(object(name).path)));
      expect(
        diagnostics.filter(({ rule, fixed }) => rule.startsWith("elf/extern-") && fixed === undefined),
      ).not.toEqual([]);
      const { open, log } = answer(runLibbpf("libbpf17", bytes));
      expect(verdicts.libbpf).toMatchObject({ accepted: open.ok, errno: open.errno, stage: "bpf_object__open" });
      expect(log.some(({ text }) => text.includes(verdicts.libbpf.message ?? "?"))).toBe(true);
    });
  }
});

/** A section as LLVM's reader sees it, without what depends on the place in the file. */
function layout({ sections, relocations }: ReadelfObject, name: string): Layout {
  const nameOf = (index: number): string => sections.find(({ Index }) => Index === index)?.Name.Name ?? "";
  const section = sections.find(({ Name }) => Name.Name === name);
  if (section === undefined) throw new Error(`no section ${name}`);
  const { Index, Type, Flags, Link, Info, AddressAlignment, EntrySize } = section;
  return {
    header: [Type.Name, Flags.Value, nameOf(Link), nameOf(Info), AddressAlignment, EntrySize],
    relocations: relocations
      .filter(({ relSection }) => relSection === Index)
      .map(({ Offset, Type: type, Symbol: symbol }) => `${Offset} ${type.Name} ${symbol.Name}`),
  };
}

describe("emit adds the sections that LLVM would have written", () => {
  for (const name of ["c/maps_basic", "c/globals", "c/subprograms", "shapes/s10_enum_values"]) {
    for (const target of ["bpfel", "bpfeb"]) {
      judgeTest(objcopy(), bpftool())(`${name}.${target}`, async () => {
        const llvm = readFileSync(object(`${name}.${target}.o`).path);
        const ours = await emitObject(withoutSections(llvm));
        const types = (bytes: Uint8Array): string => answer(bpftoolDump(bytes, "raw")).stdout.toString();
        expect(types(ours)).toBe(types(llvm));
        const [before, after] = [readelf(llvm), readelf(ours)];
        // Rows that LLVM wrote twice are in no line table: so in C, what emit puts into the old sections from DWARF alone is the measure.
        const rows = name.startsWith("c/") ? readelf(await emitObject(llvm, { from: "dwarf" })) : before;
        for (const section of SECTIONS) expect(layout(after, section).header).toEqual(layout(before, section).header);
        expect(layout(after, ".rel.BTF")).toEqual(layout(before, ".rel.BTF"));
        expect(layout(after, ".rel.BTF.ext")).toEqual(layout(rows, ".rel.BTF.ext"));
      });
    }
  }
});

testWith(OBJCOPY, READELF)("without debug info there is nothing to make it from", async () => {
  const llvm = readFileSync(object("aya/fork.bpfel.release.o").path);
  const bare = withoutSections(llvm, [...SECTIONS, ".debug_*", ".rel.debug_*"]);
  for (const use of [fixObject, checkObject]) await expect(use(bare)).rejects.toMatchObject({ code: "BTF_MISSING" });
  await expect(emitObject(bare)).rejects.toMatchObject({ code: "DWARF_UNSUPPORTED" });
  const spoiltBare = spoilt(withoutSections(llvm, [".debug_*", ".rel.debug_*"]), 0);
  await expect(fixObject(spoiltBare)).rejects.toMatchObject({ code: "BTF_MALFORMED" });
});

testWith(OBJCOPY)("whoever leaves the rule out gets the error", async () => {
  const raw = withoutSections(readFileSync(object("aya/fork.bpfel.release.o").path));
  for (const use of [fixObject, checkObject]) {
    await expect(use(raw, { skip: ["elf/btf-missing"] })).rejects.toMatchObject({ code: "BTF_MISSING" });
  }
});

test("the sample has objects of every folder", () => {
  const folders = new Set(objects.map(({ name }) => name.slice(0, name.lastIndexOf("/"))));
  expect(new Set(SAMPLE.map((name) => name.slice(0, name.lastIndexOf("/"))))).toEqual(folders);
});
