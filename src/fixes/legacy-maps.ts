import { BtfBuilder } from "../btf/builder.ts";
import type { ElfEdits, HeaderEdit, SymbolEdit } from "../elf/edit.ts";
import { type ElfView, type Section, SHF_ALLOC, SHF_WRITE, SHT_PROGBITS, STB_LOCAL, STT_OBJECT } from "../elf/model.ts";
import { sectionNamed } from "../elf/symbols.ts";
import { BtfFixError } from "../errors.ts";
import { MAPS_SECTION } from "../maps/sites.ts";
import {
  legacyDefinition,
  legacyMaps,
  legacyMapsOf,
  type PlannedMap,
  type PlannedMaps,
} from "../rules/elf/legacy-maps.ts";
import type { Diagnostic } from "../rules/rule.ts";
import { type ElfFix, type ElfState, type ElfStep, NO_EDITS } from "./elf-fix.ts";
import { counted } from "./fix.ts";
import { grafterOf } from "./graft.ts";
import { legacyWriter } from "./legacy-struct.ts";
import { type ConvertedMap, listMapsInBtf } from "./legacy-variables.ts";
import { mapReferences } from "./map-references.ts";
import { mapsContent } from "./maps-content.ts";

/** Bytes that a definition, a struct of pointers, is aligned to. */
const ALIGNMENT = 8;

/**
 * What is left of a section `maps` whose definitions have moved. Every loader passes over debug info, while a name that begins with
 * `maps`, `.maps` or `.data` would be read (aya-obj `EbpfSectionKind::from_name`), and one of no kind is refused by bpftool's linker.
 */
const LEFTOVER = ".debug_legacy_maps";

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** Throws what keeps any of the maps from being converted: half an object of each kind would load nowhere. */
function refuseFaults(elf: ElfView, { maps, faults }: PlannedMaps): void {
  for (const { section, symbol, offset, length, fact } of faults) {
    const whose = symbol === undefined ? `section ${section.name}` : `map ${symbol.name}`;
    throw new BtfFixError("REFUSED", `${whose}: ${fact} [${legacyDefinition.id}]`, {
      section: section.name,
      offset,
      length,
    });
  }
  // Made public, the map would be the other one for whoever asks by name.
  const taken = new Map(elf.symbols.filter(isExported).map((symbol) => [symbol.name, symbol.index]));
  for (const { symbol } of maps) {
    const other = taken.get(symbol.name);
    if (other !== undefined && other !== symbol.index) {
      const fact = `it is private, and another symbol that is not has its name`;
      throw new BtfFixError("REFUSED", `map ${symbol.name}: ${fact} [${legacyDefinition.id}]`);
    }
    taken.set(symbol.name, symbol.index);
  }
}

function isExported({ binding, index }: { readonly binding: number; readonly index: number }): boolean {
  return index !== 0 && binding !== STB_LOCAL;
}

/** Where the definitions go: behind those of a `.maps` that is there, else into the first legacy section, which takes over that name. */
function targetOf(elf: ElfView, sections: readonly Section[]): Section | undefined {
  return sectionNamed(elf, MAPS_SECTION) ?? sections[0];
}

function headersOf(target: Section, sections: readonly Section[]): readonly HeaderEdit[] {
  const leftovers = sections
    .filter(({ index }) => index !== target.index)
    .map(({ index }) => ({ section: index, name: LEFTOVER, type: SHT_PROGBITS, flags: 0, addralign: 1, entsize: 0 }));
  const own = { section: target.index, addralign: Math.max(ALIGNMENT, target.addralign) };
  if (target.name === MAPS_SECTION) return [own, ...leftovers];
  const renamed = { ...own, name: MAPS_SECTION, type: SHT_PROGBITS, flags: SHF_ALLOC | SHF_WRITE, entsize: 0 };
  return [renamed, ...leftovers];
}

/** The symbol in its new place; one that is private is made public by the repair of private maps. */
function symbolEdit({ map: { symbol }, section, offset, size }: ConvertedMap): SymbolEdit {
  return { symbol: symbol.index, section, value: offset, size, type: STT_OBJECT };
}

/** The edits for maps that go to `target`, whose content then ends at `end`. */
function editsOf(
  { elf }: ElfState,
  { target, end }: { readonly target: Section; readonly end: number },
  sections: readonly Section[],
  maps: readonly ConvertedMap[],
): ElfEdits {
  const places = maps.map(({ map: { symbol } }) => ({
    section: symbol.section,
    offset: symbol.value,
    size: symbol.size,
    symbol: symbol.index,
  }));
  const references = mapReferences(elf, places, { move: true });
  const contents = new Map<number, Uint8Array>(references.sections);
  for (const { index } of sections) contents.set(index, new Uint8Array(0));
  const content = mapsContent(end);
  if (target.name === MAPS_SECTION) content.set(target.bytes);
  contents.set(target.index, content);
  return {
    ...NO_EDITS,
    sections: contents,
    symbols: maps.map(symbolEdit),
    relocations: references.relocations,
    headers: [...headersOf(target, sections), ...references.headers],
  };
}

function convert(state: ElfState, { sections, maps }: PlannedMaps): Omit<ElfStep, "done"> {
  const { elf, btf, ext } = state;
  const target = targetOf(elf, sections);
  if (target === undefined) return { edits: NO_EDITS, btf, ext };
  const builder = new BtfBuilder(btf);
  if (maps.length === 0) {
    const headers = sections.map(({ index }) => ({ section: index, name: LEFTOVER, flags: 0 }));
    listMapsInBtf(state, builder, [], 0);
    return { edits: { ...NO_EDITS, headers }, btf: builder.finish(), ext };
  }
  const grafter = grafterOf(state, builder);
  const write = legacyWriter(btf, builder, (id) => grafter?.graft(id) ?? 0);
  let end = target.name === MAPS_SECTION ? target.size : 0;
  const converted = maps.map((map): ConvertedMap => {
    const struct = write(map.definition, map.plan);
    const offset = align(end);
    end = offset + struct.size;
    return { map, section: target.index, offset, size: struct.size, structId: struct.id };
  });
  listMapsInBtf(state, builder, converted, end);
  return { edits: editsOf(state, { target, end }, sections, converted), btf: builder.finish(), ext };
}

function cureOf({ plan }: PlannedMap): string {
  const parts = [
    ...(plan.key.how === "none" ? [] : [`key ${plan.keyText}`]),
    ...(plan.value.how === "none" ? [] : [`value ${plan.valueText}`]),
  ];
  const made = `made it a BTF map${parts.length === 0 ? "" : ` with ${parts.join(" and ")}`}`;
  return plan.conflicts.length === 0 ? made : `${made}: the sizes count`;
}

/** V5: the definitions of section `maps` become typed ones of `.maps`; symbols, references, VARs and DATASEC follow. */
export const convertLegacyMaps: ElfFix = {
  rules: [legacyMaps],
  summary: (count) => `${counted(count, "legacy map")} converted`,
  apply(state: ElfState, findings: readonly Diagnostic[]): ElfStep {
    const { elf, btf, ext, choices } = state;
    const found = legacyMapsOf(state);
    if (choices.legacyMaps === "keep") {
      return { edits: NO_EDITS, btf, ext, done: findings.map(() => undefined) };
    }
    if (choices.legacyMaps === "error") {
      const names = found.maps.map(({ symbol }) => symbol.name).join(", ");
      throw new BtfFixError(
        "REFUSED",
        `section maps holds legacy definitions, which are not to be converted: ${names}`,
      );
    }
    refuseFaults(elf, found);
    const bySymbol = new Map(found.maps.map((map) => [map.symbol.index, map]));
    const done = findings.map(({ target }) => {
      const map = bySymbol.get(target.symbol ?? 0);
      return map === undefined ? "took its name, which libbpf refuses" : cureOf(map);
    });
    return { ...convert(state, found), done };
  },
};
