import { type ElfSymbol, type ElfView, type Section, SHT_NOBITS, STT_NOTYPE, STT_OBJECT } from "../elf/model.ts";
import { relocationsOf } from "../elf/relocations.ts";
import { definedSymbols } from "../elf/symbols.ts";
import { isLegacyKind } from "./legacy-kinds.ts";

/** What a `bpf_map_def` says; `id` and `pinning` are 0 in the short forms that lack them. */
export interface LegacyDefinition {
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly pinning: number;
}

/** A map of a section `maps`: its symbol, which gives it its name and place. */
export interface LegacyMap {
  readonly symbol: ElfSymbol;
  readonly definition: LegacyDefinition;
}

/** Bytes of a section `maps` that are no definition that can be understood, and why. */
export interface LegacyFault {
  readonly section: Section;
  readonly symbol: ElfSymbol | undefined;
  readonly offset: number;
  readonly length: number;
  /** With whatever facts contradict each other: "its definition has 12 bytes, and the shortest one has 20". */
  readonly fact: string;
}

/** All legacy maps of an object, by section and place. */
export interface LegacyMaps {
  readonly sections: readonly Section[];
  readonly maps: readonly LegacyMap[];
  readonly faults: readonly LegacyFault[];
}

/** type, key_size, value_size, max_entries, map_flags: what aya and libbpf before 1.0 ask for at least. */
const SHORTEST = 20;
/** The same with id and pinning: the longest form, that of aya and iproute2. */
const LONGEST = 28;
const PINNING_AT = 24;
/** LIBBPF_PIN_BY_NAME, and aya's `PinningType::ByName`. */
const PIN_BY_NAME = 1;

/** Whether a section holds legacy definitions: libbpf matches `maps` alone, aya and cilium/ebpf the prefix, which C programs made use of. */
export function isLegacySection(name: string): boolean {
  return name === "maps" || name.startsWith("maps/");
}

/** Reads every section of legacy definitions. Each symbol is one map, as for aya (`parse_maps_section`). */
export function readLegacyMaps(elf: ElfView): LegacyMaps {
  const sections = elf.sections.filter(({ name }) => isLegacySection(name));
  const maps: LegacyMap[] = [];
  const faults: LegacyFault[] = [];
  for (const section of sections) {
    const known = faults.length;
    let end = 0;
    let stray: LegacyFault | undefined;
    for (const symbol of symbolsOf(elf, section)) {
      const fact = placeFault(section, symbol, end);
      const read = fact === undefined ? readDefinition(elf, section, symbol) : fact;
      if (typeof read === "string") {
        faults.push({ section, symbol, offset: symbol.value, length: symbol.size, fact: read });
      } else {
        maps.push({ symbol, definition: read });
      }
      stray ??= strayBytes(section, end, symbol.value);
      end = Math.max(end, symbol.value + symbol.size);
    }
    stray ??= strayBytes(section, end, section.bytes.length);
    // A symbol in the wrong place explains the bytes that seem to have none.
    if (stray !== undefined && faults.length === known) faults.push(stray);
    const [relocation] = relocationsOf(elf, section.index);
    if (relocation !== undefined) {
      const fact = "it holds an address, and the definition of a legacy map is made of numbers";
      faults.push({ section, symbol: undefined, offset: relocation.offset, length: 8, fact });
    }
  }
  return { sections, maps, faults };
}

/** The symbols of variables, by place. */
function symbolsOf(elf: ElfView, section: Section): readonly ElfSymbol[] {
  return definedSymbols(elf, section.index)
    .filter(({ type, name }) => (type === STT_OBJECT || type === STT_NOTYPE) && name !== "")
    .toSorted((a, b) => a.value - b.value || a.index - b.index);
}

function placeFault(section: Section, { value, size }: ElfSymbol, end: number): string | undefined {
  if (section.type === SHT_NOBITS) return "its section has no content in the file";
  if (value + size > section.bytes.length) {
    return `its symbol says bytes ${value} to ${value + size}, and the section has ${section.bytes.length}`;
  }
  if (size < SHORTEST) return `its definition has ${size} bytes, and the shortest one has ${SHORTEST}`;
  if (value < end) return `its definition begins at byte ${value}, inside that of the map before, which ends at ${end}`;
  return undefined;
}

/** Bytes between symbols that are not padding: a definition that nobody can name. */
function strayBytes(section: Section, start: number, end: number): LegacyFault | undefined {
  const bytes = section.bytes.subarray(start, end);
  if (bytes.every((byte) => byte === 0)) return undefined;
  const fact = `its bytes ${start} to ${end} are not zero and belong to no symbol`;
  return { section, symbol: undefined, offset: start, length: end - start, fact };
}

/** The definition at a symbol, or why it is none. */
function readDefinition(elf: ElfView, section: Section, symbol: ElfSymbol): LegacyDefinition | string {
  const bytes = section.bytes.subarray(symbol.value, symbol.value + symbol.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => (at + 4 <= bytes.length ? view.getUint32(at, elf.littleEndian) : 0);
  const definition = {
    type: word(0),
    keySize: word(4),
    valueSize: word(8),
    maxEntries: word(12),
    mapFlags: word(16),
    pinning: word(PINNING_AT),
  };
  if (!isLegacyKind(definition.type)) return `its type is ${definition.type}, and no kind of map has that number`;
  if (definition.pinning > PIN_BY_NAME) {
    return `its pinning is ${definition.pinning}, and BTF maps know 0 (none) and ${PIN_BY_NAME} (by name)`;
  }
  if (bytes.subarray(LONGEST).some((byte) => byte !== 0)) {
    return `its definition has ${bytes.length} bytes, and what follows the first ${LONGEST} is not zero`;
  }
  return definition;
}
