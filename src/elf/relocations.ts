import { BtfFixError } from "../errors.ts";
import { type ElfRelocation, type ElfView, REL_SIZE, RELA_SIZE, type Section, SHT_REL, SHT_RELA } from "./model.ts";
import { readU64 } from "./u64.ts";

const caches = new WeakMap<ElfView, Map<number, readonly ElfRelocation[]>>();

/** Every SHT_REL and SHT_RELA section of the object, in index order. */
export function relocationSections(elf: ElfView): readonly Section[] {
  return elf.sections.filter((section) => section.type === SHT_REL || section.type === SHT_RELA);
}

/** The entries of one relocation section in file order (Elf64_Rel, Elf64_Rela of elf(5)). Errors: ELF_MALFORMED. */
export function relocationEntries(elf: ElfView, relSection: Section): readonly ElfRelocation[] {
  const { bytes, index, info, link, name } = relSection;
  const { littleEndian } = elf;
  const withAddend = relSection.type === SHT_RELA;
  const entrySize = withAddend ? RELA_SIZE : REL_SIZE;
  const count = Math.floor(bytes.length / entrySize);
  if (count > 0 && link !== elf.symtab) {
    throw new BtfFixError(
      "ELF_MALFORMED",
      `section ${index} (${name}) links to section ${link}, not the symbol table`,
      {
        section: name,
        offset: 0,
        length: bytes.length,
      },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: ElfRelocation[] = [];
  for (let entry = 0; entry < count; entry++) {
    const at = entry * entrySize;
    // r_info = symbol << 32 | type.
    const symbol = view.getUint32(at + (littleEndian ? 12 : 8), littleEndian);
    if (symbol >= elf.symbols.length) {
      throw new BtfFixError(
        "ELF_MALFORMED",
        `relocation ${entry} of ${name} names symbol ${symbol}, which does not exist`,
        {
          section: name,
          offset: at + 8,
          length: 8,
        },
      );
    }
    entries.push({
      relSection: index,
      target: info,
      entry,
      offset: readU64(view, at, littleEndian, `r_offset of relocation ${entry}`, name),
      type: view.getUint32(at + (littleEndian ? 8 : 12), littleEndian),
      symbol,
      addend: withAddend ? view.getBigInt64(at + 16, littleEndian) : undefined,
    });
  }
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
