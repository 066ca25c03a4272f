import { describe, expect, test } from "vitest";
import { encodeBtfExt, parseBtfExt } from "../../src/btf/ext.ts";
import type { BtfExt, ExtTable } from "../../src/btf/ext-model.ts";
import type { Btf } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { applyPlan } from "../../src/patch/apply.ts";
import { contentPlan } from "../../src/patch/plan.ts";
import { rebaseExtRelocations } from "../../src/patch/rel-ext.ts";
import { verifyPatched } from "../../src/patch/verify.ts";
import { CLANG, compile, corpusObject, READELF, TARGETS, testWith } from "../elf/objects.ts";
import { readelf } from "../elf/readelf.ts";

interface Parts {
  readonly elf: ElfView;
  readonly index: number;
  readonly ext: BtfExt;
  readonly btf: Btf;
}

function partsOf(object: Uint8Array): Parts {
  const elf = parseElf(object);
  const ext = sectionNamed(elf, ".BTF.ext");
  const btf = sectionNamed(elf, ".BTF");
  if (ext === undefined || btf === undefined) throw new Error("no .BTF.ext");
  return { elf, index: ext.index, ext: parseBtfExt(ext.bytes), btf: parseBtf(btf.bytes) };
}

function rewrite({ elf, index, btf }: Parts, ext: BtfExt): Parts {
  const blob = encodeBtfExt(ext);
  const rel = rebaseExtRelocations(elf, index, blob, { before: btf, after: btf });
  const plan = contentPlan(new Map([[index, blob], ...rel]));
  return partsOf(verifyPatched(elf, applyPlan(elf, plan), plan).bytes);
}

/** LLVM's invariant, from llvm-readelf: one relocation a record, against the record's section, at the record's first word. */
function expectOnePerRecord({ elf, ext, btf, index }: Parts): void {
  const blob = elf.sections[index]?.bytes ?? new Uint8Array(0);
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const tables: readonly (ExtTable<{ readonly insnOff: number }> | undefined)[] = [
    ext.funcInfo,
    ext.lineInfo,
    ext.coreRelo,
  ];
  const wanted = tables.flatMap((table) =>
    (table?.sections ?? []).flatMap(({ secNameOff, records }) =>
      records.map(({ insnOff }) => `${nameText(btf, secNameOff)}+${insnOff}`),
    ),
  );
  const found = readelf(elf.bytes)
    .relocations.filter((entry) => elf.sections[entry.relSection]?.info === index)
    .map(({ Offset, Symbol: symbol }) => `${symbol.Name}+${view.getUint32(Offset, elf.littleEndian)}`);
  expect(found).toEqual(wanted);
}

/** Drops every second record of each line table section. */
function thinned(ext: BtfExt): BtfExt {
  const { lineInfo } = ext;
  if (lineInfo === undefined) throw new Error("no line_info");
  const sections = lineInfo.sections.map((section) => ({
    ...section,
    records: section.records.filter((_, i) => i % 2 === 0),
  }));
  return { ...ext, lineInfo: { ...lineInfo, sections } };
}

const sources: readonly (readonly [string, () => Uint8Array])[] = [
  ...TARGETS.map((target) => [`clang, ${target}`, () => compile(target)] as const),
  ["fork object", () => corpusObject("aya/fork.bpfel.release.o")],
  ["fork object, big-endian", () => corpusObject("aya/fork.bpfeb.release.o")],
];

describe.each(sources)("%s", (_, object) => {
  const run = testWith(CLANG, READELF);

  run("as the compiler wrote it", () => {
    const parts = partsOf(object());
    expectOnePerRecord(parts);
    expect(
      rebaseExtRelocations(parts.elf, parts.index, encodeBtfExt(parts.ext), { before: parts.btf, after: parts.btf })
        .size,
    ).toBe(0);
  });

  run("records dropped", () => {
    const parts = partsOf(object());
    const patched = rewrite(parts, thinned(parts.ext));
    expectOnePerRecord(patched);
    expect(relocationsOf(patched.elf, parts.index).length).toBeLessThan(relocationsOf(parts.elf, parts.index).length);
  });

  run("records added get a relocation of their own", () => {
    const parts = partsOf(object());
    const patched = rewrite(rewrite(parts, thinned(parts.ext)), parts.ext);
    expectOnePerRecord(patched);
  });

  run("a whole table gone", () => {
    const parts = partsOf(object());
    const { funcInfo: _gone, ...rest } = parts.ext;
    expectOnePerRecord(rewrite(parts, { ...rest, funcInfo: undefined }));
  });
});

test("an object without .rel.BTF.ext has nothing to rebase", () => {
  const { elf, btf, ext } = partsOf(corpusObject("aya/fork.bpfel.release.o"));
  expect(rebaseExtRelocations(elf, 1, encodeBtfExt(ext), { before: btf, after: btf }).size).toBe(0);
});
