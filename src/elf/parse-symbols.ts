import { BtfFixError } from "../errors.ts";
import { type ElfSymbol, type Section, SHN_ABS, SHN_COMMON, SHN_XINDEX, SHT_STRTAB, SYM_SIZE } from "./model.ts";
import { NameReader } from "./strings.ts";
import { readU64 } from "./u64.ts";

/**
 * All entries of a symbol table, the null symbol first; a nameless section symbol keeps its empty name.
 *
 * Layout: Elf64_Sym of elf(5). Errors: ELF_MALFORMED, ELF_UNSUPPORTED, with the entry's offset in the table.
 */
export function parseSymbols(symtab: Section, sections: readonly Section[], littleEndian: boolean): ElfSymbol[] {
  const { bytes, entsize, link, info } = symtab;
  if (entsize !== SYM_SIZE) fault(symtab, `entries are ${entsize} bytes long, not ${SYM_SIZE}`, 0);
  if (bytes.length % SYM_SIZE !== 0) fault(symtab, `${bytes.length} bytes are no multiple of ${SYM_SIZE}`, 0);
  const count = bytes.length / SYM_SIZE;
  if (info > count) fault(symtab, `the first global symbol is said to be ${info} of ${count}`, 0);
  const strtab = sections[link];
  if (strtab === undefined || strtab.type !== SHT_STRTAB) fault(symtab, `section ${link} is no string table`, 0);
  const names = new NameReader(strtab.bytes, strtab.name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const symbols: ElfSymbol[] = [];
  for (let index = 0; index < count; index++) {
    const at = index * SYM_SIZE;
    const kind = view.getUint8(at + 4);
    const section = view.getUint16(at + 6, littleEndian);
    if (section >= sections.length && section !== SHN_ABS && section !== SHN_COMMON) badSection(symtab, index, section);
    symbols.push({
      index,
      name: names.at(view.getUint32(at, littleEndian)),
      binding: kind >> 4,
      type: kind & 0xf,
      visibility: view.getUint8(at + 5) & 3,
      section,
      value: readU64(view, at + 8, littleEndian, `st_value of symbol ${index}`, symtab.name),
      size: readU64(view, at + 16, littleEndian, `st_size of symbol ${index}`, symtab.name),
    });
  }
  return symbols;
}

function badSection(symtab: Section, index: number, section: number): never {
  const span = { section: symtab.name, offset: index * SYM_SIZE + 6, length: 2 };
  if (section === SHN_XINDEX) {
    throw new BtfFixError("ELF_UNSUPPORTED", `symbol ${index}: extended section numbers are not supported`, span);
  }
  throw new BtfFixError("ELF_MALFORMED", `symbol ${index} lies in section ${section}, which does not exist`, span);
}

function fault(symtab: Section, message: string, offset: number): never {
  throw new BtfFixError("ELF_MALFORMED", `section ${symtab.index} (${symtab.name}): ${message}`, {
    section: symtab.name,
    offset,
    length: symtab.bytes.length,
  });
}
