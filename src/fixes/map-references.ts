import { decompressSection } from "../dwarf/compressed.ts";
import type { HeaderEdit, RelocationEdit } from "../elf/edit.ts";
import {
  type ElfRelocation,
  type ElfView,
  R_BPF_64_64,
  type Section,
  SHF_ALLOC,
  SHF_COMPRESSED,
  SHF_EXECINSTR,
  STT_SECTION,
} from "../elf/model.ts";
import { fieldWidth } from "../elf/relocate.ts";
import { relocationEntries, relocationSections } from "../elf/relocations.ts";
import { BtfFixError } from "../errors.ts";
import type { MapPlace } from "../maps/places.ts";

export type { MapPlace } from "../maps/places.ts";

/** What makes every reference to a map name the map's own symbol, in numbers of the input. */
export interface MapReferences {
  readonly relocations: readonly RelocationEdit[];
  /** New contents of sections whose fields held an offset into a section of maps: it counts from the map's start now. */
  readonly sections: ReadonlyMap<number, Uint8Array>;
  /** A compressed section whose content changes is written as it is. */
  readonly headers: readonly HeaderEdit[];
}

/** Bytes from an instruction to its immediate, and to that of its second half (Documentation/bpf/standardization/instruction-set.rst). */
const IMMEDIATE = 4;
const SECOND_IMMEDIATE = 12;

/** Sections whose relocations say nothing that a loader reads: the repairs of BTF keep them in step. */
const OWN_CARE = [".BTF", ".BTF.ext"];

/**
 * Edits after which each reference to one of these maps names the map's own symbol: of code, of data (`values` of another map) and, where
 * the maps `move`, of debug info too. What names a map by its section's symbol has the place of the map as addend; loaders look at symbols
 * alone, and such an offset would be wrong after a move.
 *
 * In code the addend is the immediate, which stays: loaders overwrite it. `.rel.BTF` and `.rel.BTF.ext` are left out.
 * Errors: REFUSED for a reference of code that hits no map's start, or another one that hits no map at all; those of the readers.
 */
export function mapReferences(
  elf: ElfView,
  maps: readonly MapPlace[],
  { move }: { readonly move: boolean },
): MapReferences {
  const bySection = placesBySection(maps);
  const relocations: RelocationEdit[] = [];
  const sections = new Map<number, Uint8Array>();
  const headers: HeaderEdit[] = [];
  for (const relSection of relocationSections(elf)) {
    const target = elf.sections[relSection.info];
    if (target === undefined || OWN_CARE.includes(target.name)) continue;
    const isLoaded = (target.flags & SHF_ALLOC) !== 0;
    if (!isLoaded && !move) continue;
    const isCode = (target.flags & SHF_EXECINSTR) !== 0;
    const fields = fieldsOf(elf, target, sections);
    for (const entry of relocationEntries(elf, relSection)) {
      const symbol = elf.symbols[entry.symbol];
      const there = bySection.get(symbol?.section ?? 0);
      if (symbol === undefined || there === undefined) continue;
      const isAddend = symbol.type === STT_SECTION;
      // A variable's symbol moves with it.
      if (!isAddend && !isLoaded) continue;
      if (isCode && entry.type !== R_BPF_64_64) refuse(elf, target, entry, "is no load of an address");
      // Loaders ask the symbol of a variable which one is meant, whatever is added to it.
      const address = symbol.value + (isAddend ? fields.addend(entry) : 0);
      const map = there.starting(address) ?? (isCode ? undefined : there.holding(address));
      if (map === undefined) refuse(elf, target, entry, `hits no map${isCode ? "'s start" : ""}`);
      if (map.symbol === entry.symbol || (!isAddend && address !== map.offset)) continue;
      relocations.push({ relSection: relSection.index, entry: entry.entry, symbol: map.symbol });
      if (isAddend && !isCode) fields.setAddend(entry, address - map.offset);
    }
    if (sections.has(target.index) && (target.flags & SHF_COMPRESSED) !== 0) {
      headers.push({ section: target.index, flags: target.flags - SHF_COMPRESSED });
    }
  }
  return { relocations, sections, headers };
}

/** The maps of one section: the one that starts at an address, and the one that has it inside. */
interface Places {
  starting(address: number): MapPlace | undefined;
  holding(address: number): MapPlace | undefined;
}

/** A hostile file may have as many references as maps, so neither question may look at every map. */
function placesBySection(maps: readonly MapPlace[]): ReadonlyMap<number, Places> {
  const lists = new Map<number, MapPlace[]>();
  for (const map of maps) {
    const list = lists.get(map.section);
    if (list === undefined) lists.set(map.section, [map]);
    else list.push(map);
  }
  return new Map([...lists].map(([section, list]) => [section, placesOf(list)]));
}

function placesOf(list: readonly MapPlace[]): Places {
  const starts = new Map<number, MapPlace>();
  for (const map of list) if (!starts.has(map.offset)) starts.set(map.offset, map);
  const sorted = [...starts.values()].sort((a, b) => a.offset - b.offset);
  return {
    starting: (address) => starts.get(address),
    holding(address) {
      let low = 0;
      let high = sorted.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((sorted[middle]?.offset ?? 0) <= address) low = middle + 1;
        else high = middle;
      }
      const map = sorted[low - 1];
      return map !== undefined && address < map.offset + map.size ? map : undefined;
    },
  };
}

/** The fields of one section that relocations fill. */
interface Fields {
  addend(entry: ElfRelocation): number;
  setAddend(entry: ElfRelocation, addend: number): void;
}

/** Reads addends from the section's content, and writes them into a copy that goes to `changed`. */
function fieldsOf(elf: ElfView, target: Section, changed: Map<number, Uint8Array>): Fields {
  const { littleEndian } = elf;
  const isCode = (target.flags & SHF_EXECINSTR) !== 0;
  const isCompressed = (target.flags & SHF_COMPRESSED) !== 0;
  let content: Uint8Array | undefined;
  const viewAt = (entry: ElfRelocation, length: number): DataView => {
    content ??= changed.get(target.index) ?? (isCompressed ? decompressSection(target, littleEndian) : target.bytes);
    if (entry.offset + length > content.length) refuse(elf, target, entry, "lies past the section's end");
    return new DataView(content.buffer, content.byteOffset + entry.offset, length);
  };
  return {
    addend(entry) {
      if (entry.addend !== undefined) return Number(entry.addend);
      if (isCode) {
        const view = viewAt(entry, SECOND_IMMEDIATE + 4);
        return view.getUint32(IMMEDIATE, littleEndian) + view.getUint32(SECOND_IMMEDIATE, littleEndian) * 2 ** 32;
      }
      const width = fieldWidth(entry.type, isCode);
      if (width === 0) return 0;
      const view = viewAt(entry, width);
      return width === 4 ? view.getUint32(0, littleEndian) : Number(view.getBigUint64(0, littleEndian));
    },
    setAddend(entry, addend) {
      const width = fieldWidth(entry.type, isCode);
      if (width === 0) return;
      if (entry.addend !== undefined) refuse(elf, target, entry, "has its addend beside it (SHT_RELA)");
      if (!changed.has(target.index)) {
        viewAt(entry, width);
        content = new Uint8Array(content ?? []);
        changed.set(target.index, content);
      }
      const view = viewAt(entry, width);
      if (width === 4) view.setUint32(0, addend, littleEndian);
      else view.setBigUint64(0, BigInt(addend), littleEndian);
    },
  };
}

function refuse(elf: ElfView, target: Section, entry: ElfRelocation, why: string): never {
  const symbol = elf.symbols[entry.symbol];
  const named = elf.sections[symbol?.section ?? 0]?.name ?? "";
  throw new BtfFixError("REFUSED", `a reference to ${named} at ${target.name}+${entry.offset} ${why}`, {
    section: target.name,
    offset: entry.offset,
    length: 8,
  });
}
