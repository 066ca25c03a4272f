import { readFileSync } from "node:fs";
import { parseBtfExt } from "../../src/btf/ext.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { TAG } from "../../src/dwarf/constants.ts";
import { loadDwarfModule } from "../../src/dwarf/module.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import type { ElfView } from "../../src/elf/model.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { relocationsOf } from "../../src/elf/relocations.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { type EmitOptions, emitBtf } from "../../src/lower/emit-btf.ts";
import type { Witness } from "../../src/lower/witness.ts";
import { wasmBytes } from "../../wasm/index.ts";

const module = loadDwarfModule(wasmBytes());

const TYPE_TAGS: ReadonlySet<number> = new Set([
  TAG.baseType,
  TAG.structureType,
  TAG.unionType,
  TAG.enumerationType,
  TAG.typedef,
]);

/** Contents as text, so that a difference is printed and a missing section differs from an empty one. */
export interface Sections {
  readonly btf: string | undefined;
  readonly ext: string | undefined;
  readonly btfRelocations: readonly string[];
  readonly extRelocations: readonly string[];
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString("hex");

/** What LLVM wrote. */
export function writtenSections(elf: ElfView): Sections {
  const relocations = (name: string): string[] => {
    const section = sectionNamed(elf, name);
    return section === undefined ? [] : relocationsOf(elf, section.index).map(relocationText);
  };
  return {
    btf: text(sectionNamed(elf, ".BTF")?.bytes),
    ext: text(sectionNamed(elf, ".BTF.ext")?.bytes),
    btfRelocations: relocations(".BTF"),
    extRelocations: relocations(".BTF.ext"),
  };
}

function relocationText({ offset, type, symbol }: { offset: number; type: number; symbol: number }): string {
  return `${offset} ${type} ${symbol}`;
}

export function readElf(file: string | Uint8Array): ElfView {
  return parseElf(typeof file === "string" ? readFileSync(file) : file);
}

/** The sections that the object has, as models. */
export function oldSections(elf: ElfView): Witness {
  const btf = sectionNamed(elf, ".BTF");
  const ext = sectionNamed(elf, ".BTF.ext");
  if (btf === undefined) throw new Error("the object has no .BTF");
  return { btf: parseBtf(btf.bytes), ext: ext && parseBtfExt(ext.bytes) };
}

/** What `emitBtf` writes in the llvm dialect. */
export function emittedSections(elf: ElfView, options: Omit<EmitOptions, "dialect">): Sections {
  const { types, btf, ext, btfRelocations, extRelocations } = emitBtf(elf, openDwarf(elf, module), {
    dialect: "llvm",
    ...options,
  });
  return {
    btf: types === 0 ? undefined : text(btf),
    ext: ext && text(ext),
    btfRelocations: Array.from(btfRelocations, relocationText),
    extRelocations: Array.from(extRelocations, relocationText),
  };
}

/** Names of the types that DWARF describes. */
export function typeNames(elf: ElfView): ReadonlySet<string> {
  const dwarf = openDwarf(elf, module);
  const names = new Set<string>();
  for (let row = 0; row < (dwarf?.count ?? 0); row++) {
    const name = dwarf?.name(row);
    if (name !== undefined && TYPE_TAGS.has(dwarf?.tag(row) ?? 0)) names.add(name);
  }
  return names;
}
