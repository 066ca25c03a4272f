import { BtfFixError } from "../errors.ts";
import {
  type ElfRelocation,
  type ElfView,
  REL_SIZE,
  RELA_SIZE,
  type Section,
  SHT_DYNSYM,
  SHT_REL,
  SHT_RELA,
} from "./model.ts";
import { readU64 } from "./u64.ts";

const caches = new WeakMap<ElfView, Map<number, readonly ElfRelocation[]>>();

/** Every SHT_REL and SHT_RELA section of the object, in index order. */
export function relocationSections(elf: ElfView): readonly Section[] {
  return elf.sections.filter((section) => section.type === SHT_REL || section.type === SHT_RELA);
}

/** Where the entries of a relocation section lie, and in which form (Elf64_Rel, Elf64_Rela of elf(5)). */
export interface EntryTable {
  readonly view: DataView;
  readonly count: number;
  /** Bytes from one entry to the next. */
  readonly stride: number;
  readonly withAddend: boolean;
}

/**
 * Opens the entries of a section. Errors: ELF_MALFORMED if they count in another symbol table, or there is none. A number of no symbol table
 * is taken for that of the only one, as libbpf and cilium/ebpf do.
 */
export function entryTable(elf: ElfView, relSection: Section): EntryTable {
  const { bytes, index, link, name } = relSection;
  const withAddend = relSection.type === SHT_RELA;
  const stride = withAddend ? RELA_SIZE : REL_SIZE;
  const count = Math.floor(bytes.length / stride);
  const isOther = elf.symtab === undefined || elf.sections[link]?.type === SHT_DYNSYM;
  if (count > 0 && link !== elf.symtab && isOther) {
    throw new BtfFixError(
      "ELF_MALFORMED",
      `section ${index} (${name}) links to section ${link}, not the symbol table`,
      { section: name, offset: 0, length: bytes.length },
    );
  }
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), count, stride, withAddend };
}

const MACHINE_IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * The entries as 32-bit words, for loops over all of them: offset low, offset high, type, symbol of a little-endian file, offset high,
 * offset low, symbol, type of a big-endian one; then the two words of the addend, if there is one. Shares the file's bytes where it can.
 */
export function entryWords({ view, count, stride }: EntryTable, littleEndian: boolean): Uint32Array {
  const { buffer, byteOffset } = view;
  const length = (count * stride) / 4;
  if (littleEndian === MACHINE_IS_LITTLE_ENDIAN && byteOffset % 4 === 0)
    return new Uint32Array(buffer, byteOffset, length);
  const words = new Uint32Array(length);
  for (let i = 0; i < length; i++) words[i] = view.getUint32(i * 4, littleEndian);
  return words;
}

/** One entry of an opened section. Errors: ELF_MALFORMED if its symbol does not exist. */
export function entryAt(elf: ElfView, relSection: Section, table: EntryTable, entry: number): ElfRelocation {
  const { view, stride, withAddend } = table;
  const { littleEndian } = elf;
  const { name } = relSection;
  const at = entry * stride;
  // r_info = symbol << 32 | type.
  const symbol = view.getUint32(at + (littleEndian ? 12 : 8), littleEndian);
  if (symbol >= elf.symbols.length) {
    throw new BtfFixError(
      "ELF_MALFORMED",
      `relocation ${entry} of ${name} names symbol ${symbol}, which does not exist`,
      { section: name, offset: at + 8, length: 8 },
    );
  }
  return {
    relSection: relSection.index,
    target: relSection.info,
    entry,
    offset: readU64(view, at, littleEndian, `r_offset of relocation ${entry}`, name),
    type: view.getUint32(at + (littleEndian ? 8 : 12), littleEndian),
    symbol,
    addend: withAddend ? view.getBigInt64(at + 16, littleEndian) : undefined,
  };
}

/** The entries of one relocation section in file order. Errors: ELF_MALFORMED. */
export function relocationEntries(elf: ElfView, relSection: Section): readonly ElfRelocation[] {
  const table = entryTable(elf, relSection);
  const entries: ElfRelocation[] = [];
  for (let entry = 0; entry < table.count; entry++) entries.push(entryAt(elf, relSection, table, entry));
  return entries;
}

/**
 * All relocations that apply to a section, section by section in file order; remembered per view.
 *
 * Symbols exist; whether an offset lies within the section depends on the width of its field: `applyRelocations` checks that.
 * Errors: ELF_MALFORMED.
 */
export function relocationsOf(elf: ElfView, target: number): readonly ElfRelocation[] {
  let cache = caches.get(elf);
  if (cache === undefined) {
    cache = new Map();
    caches.set(elf, cache);
  }
  const known = cache.get(target);
  if (known !== undefined) return known;
  const entries = relocationSections(elf)
    .filter((section) => section.info === target)
    .flatMap((section) => relocationEntries(elf, section));
  cache.set(target, entries);
  return entries;
}
