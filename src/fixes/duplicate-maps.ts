import { BtfBuilder } from "../btf/builder.ts";
import { type Btf, type BtfSecInfo, typeById, typesWithIds } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import type { HeaderEdit, RelocationEdit, SymbolEdit } from "../elf/edit.ts";
import { encodeRelocations } from "../elf/encode-relocations.ts";
import type { ElfRelocation, ElfView, Section } from "../elf/model.ts";
import { relocationEntries, relocationSections, relocationsOf } from "../elf/relocations.ts";
import { definedSymbols, sectionNamed, sectionSymbol, sectionsNamed } from "../elf/symbols.ts";
import { BtfFixError } from "../errors.ts";
import { mapPlaces } from "../maps/places.ts";
import { MAPS_SECTION } from "../maps/sites.ts";
import { duplicateMaps } from "../rules/elf/sections.ts";
import type { Diagnostic } from "../rules/rule.ts";
import { type ElfFix, type ElfState, type ElfStep, NO_EDITS } from "./elf-fix.ts";
import { counted } from "./fix.ts";
import { type MapReferences, mapReferences } from "./map-references.ts";
import { mapsContent } from "./maps-content.ts";

/** A section without content: bpftool's linker passes over debug info, and aya would take any `.maps…` for maps. */
const EMPTIED = ".debug_emptied";

/** Definitions hold pointers. */
const POINTER = 8;

/** The sections that become one, which gets the header of the first; `base` is where each one's content begins in it. */
interface Joined {
  readonly first: Section;
  readonly others: readonly Section[];
  readonly base: ReadonlyMap<number, number>;
  readonly size: number;
  readonly addralign: number;
}

/** Sections whose maps `values` of this one name. */
function namedBy(elf: ElfView, section: Section): ReadonlySet<number> {
  return new Set(relocationsOf(elf, section.index).map(({ symbol }) => elf.symbols[symbol]?.section ?? 0));
}

/** Inner maps before those that hold them, as libbpf creates maps in the order in which they lie; else as they are. */
function innerFirst(elf: ElfView, sections: readonly Section[]): readonly Section[] {
  const rest = [...sections];
  const order: Section[] = [];
  while (rest.length > 0) {
    const free = rest.findIndex((section) => {
      const named = namedBy(elf, section);
      return rest.every((other) => other === section || !named.has(other.index));
    });
    order.push(...rest.splice(Math.max(0, free), 1));
  }
  return order;
}

function layOut(elf: ElfView, first: Section, others: readonly Section[]): Joined {
  const base = new Map<number, number>();
  let size = 0;
  for (const section of innerFirst(elf, [first, ...others])) {
    const step = Math.max(POINTER, section.addralign);
    const start = Math.ceil(size / step) * step;
    base.set(section.index, start);
    size = start + section.size;
  }
  return { first, others, base, size, addralign: Math.max(POINTER, ...[first, ...others].map((s) => s.addralign)) };
}

/** Every symbol of the sections goes along, but for the sections' own. */
function movedSymbols(elf: ElfView, { first, others, base }: Joined): SymbolEdit[] {
  return [first, ...others].flatMap((section) => {
    const start = base.get(section.index) ?? 0;
    if (section === first && start === 0) return [];
    return definedSymbols(elf, section.index).map(({ index, value }) => ({
      symbol: index,
      section: first.index,
      value: value + start,
    }));
  });
}

/** The one content: that of each section at its place, where references have left it. */
function joinedContent({ first, others, base, size }: Joined, changed: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const content = mapsContent(size);
  for (const { index, bytes } of [first, ...others]) content.set(changed.get(index) ?? bytes, base.get(index) ?? 0);
  return content;
}

/**
 * Relocations of the sections (`values` of maps in maps): all in the relocation section of the first, or in that of the next one that has
 * any, pointed at the first. Contents and headers of the relocation sections, with the symbols that `edits` give.
 */
function joinedRelocations(
  elf: ElfView,
  { first, others, base }: Joined,
  edits: readonly RelocationEdit[],
): { readonly contents: ReadonlyMap<number, Uint8Array>; readonly headers: readonly HeaderEdit[] } {
  const contents = new Map<number, Uint8Array>();
  const headers: HeaderEdit[] = [];
  const sections = [first, ...others].flatMap(({ index }) =>
    relocationSections(elf).filter((section) => section.info === index),
  );
  const [kept, ...emptied] = sections;
  if (kept === undefined) return { contents, headers };
  if (sections.some(({ type }) => type !== kept.type)) refuse("their relocations have two forms");
  const symbols = new Map(edits.map(({ relSection, entry, symbol }) => [`${relSection} ${entry}`, symbol]));
  const entries: ElfRelocation[] = sections.flatMap((section) =>
    relocationEntries(elf, section).map((entry) => ({
      ...entry,
      offset: entry.offset + (base.get(section.info) ?? 0),
      symbol: symbols.get(`${section.index} ${entry.entry}`) ?? entry.symbol,
    })),
  );
  contents.set(kept.index, encodeRelocations(elf, kept, entries));
  if (kept.info !== first.index) headers.push({ section: kept.index, info: first.index });
  for (const { index } of emptied) {
    contents.set(index, new Uint8Array(0));
    headers.push({ section: index, name: `.rel${EMPTIED}` });
  }
  return { contents, headers };
}

/** DATASEC `.maps` with the size of the one section, true offsets and ascending order. */
function placed(elf: ElfView, btf: Btf, { first, others, base, size }: Joined): Btf {
  const offsets = new Map<string, number>();
  for (const { index } of [first, ...others]) {
    for (const { name, value } of definedSymbols(elf, index)) offsets.set(name, value + (base.get(index) ?? 0));
  }
  const builder = new BtfBuilder(btf);
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind !== "datasec" || nameText(btf, type.nameOff) !== MAPS_SECTION) continue;
    const entries = type.entries.map((entry): BtfSecInfo => {
      const variable = typeById(btf, entry.type);
      const name = variable === undefined ? "" : nameText(btf, variable.nameOff);
      const offset = offsets.get(name);
      if (offset === undefined) refuse(`no symbol says in which of them map ${name} lies`);
      return { ...entry, offset };
    });
    builder.replace(id, { ...type, size, entries: entries.sort((a, b) => a.offset - b.offset) });
  }
  return builder.finish();
}

/**
 * Relocations of DATASEC `.maps`: its offsets are filled in, so only the symbol of the section (value 0) is right; without one they go.
 * All of them name that symbol, so the order of the entries does not matter.
 */
function btfRelocations(elf: ElfView, { first, others }: Joined): ReadonlyMap<number, Uint8Array> {
  const contents = new Map<number, Uint8Array>();
  const target = sectionNamed(elf, ".BTF")?.index;
  const joined = [first, ...others].map(({ index }) => index);
  const symbol = sectionSymbol(elf, first.index)?.index;
  for (const section of relocationSections(elf)) {
    if (section.info !== target || section.bytes.length === 0) continue;
    const entries = relocationEntries(elf, section).flatMap((entry) => {
      if (!joined.includes(elf.symbols[entry.symbol]?.section ?? 0)) return [entry];
      return symbol === undefined ? [] : [{ ...entry, symbol }];
    });
    contents.set(section.index, encodeRelocations(elf, section, entries));
  }
  return contents;
}

function join(state: ElfState, joined: Joined, references: MapReferences): ElfStep["edits"] {
  const { elf } = state;
  const { first, others } = joined;
  const own = relocationSections(elf).filter(({ info }) => joined.base.has(info));
  const isOwn = ({ relSection }: RelocationEdit): boolean => own.some(({ index }) => index === relSection);
  const values = joinedRelocations(elf, joined, references.relocations.filter(isOwn));
  const flags = others.reduce((all, section) => all | section.flags, first.flags);
  return {
    ...NO_EDITS,
    sections: new Map([
      ...references.sections,
      ...others.map(({ index }) => [index, new Uint8Array(0)] as const),
      [first.index, joinedContent(joined, references.sections)],
      ...values.contents,
      ...btfRelocations(elf, joined),
    ]),
    symbols: movedSymbols(elf, joined),
    relocations: references.relocations.filter((edit) => !isOwn(edit)),
    headers: [
      { section: first.index, flags, addralign: joined.addralign },
      ...others.map(({ index }) => ({ section: index, name: EMPTIED, flags: 0, addralign: 1 })),
      ...values.headers,
      ...references.headers,
    ],
  };
}

/** V2: the sections `.maps` become one, the first; every reference names the map's own symbol, which moves with its map. */
export const joinMaps: ElfFix = {
  rules: [duplicateMaps],
  summary: (count) => `${counted(count, "section")} .maps joined to the first`,
  apply(state: ElfState, findings: readonly Diagnostic[]): ElfStep {
    const { elf, btf, ext } = state;
    const [first, ...others] = sectionsNamed(elf, MAPS_SECTION);
    if (first === undefined || others.length === 0) return { edits: NO_EDITS, btf, ext, done: [] };
    const joined = layOut(elf, first, others);
    const maps = [first, ...others].flatMap((section) => mapPlaces(elf, btf, section));
    const edits = join(state, joined, mapReferences(elf, maps, { move: true }));
    return { edits, btf: placed(elf, btf, joined), ext, done: findings.map(() => "joined it to the first") };
  },
};

function refuse(why: string): never {
  throw new BtfFixError("REFUSED", `several sections are called ${MAPS_SECTION}, and ${why}`);
}
