import { BtfFixError, type BtfFixErrorCode } from "../errors.ts";
import { identifyElf } from "./identify.ts";
import {
  EHDR_SIZE,
  type ElfView,
  REL_SIZE,
  RELA_SIZE,
  type Section,
  SHDR_SIZE,
  SHN_LORESERVE,
  SHN_XINDEX,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "./model.ts";
import { parseSymbols } from "./parse-symbols.ts";
import { NameReader } from "./strings.ts";
import { readU64 } from "./u64.ts";

const NOTHING = new Uint8Array(0);

/**
 * A view of a 64-bit relocatable BPF object of either byte order; the bytes are shared, never copied or changed.
 *
 * Layout: elf(5). Everything that later stages rely on is checked here: section extents, entry sizes, links, names, symbols.
 * Errors: ELF_NOT_ELF, ELF_UNSUPPORTED, ELF_TRUNCATED, ELF_MALFORMED, LIMIT_EXCEEDED, each with section and offset.
 */
export function parseElf(input: Uint8Array): ElfView {
  // A Node Buffer's slice() shares memory where a Uint8Array's copies: later stages must only ever meet the plain kind.
  const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  const { littleEndian, machine } = identifyElf(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = readTablePlace(view, littleEndian);
  const raw: RawSection[] = [];
  for (let index = 0; index < table.count; index++) raw.push(readHeader(view, littleEndian, table.offset, index));
  const names = sectionNames(bytes, raw, table);
  const sections = raw.map((header) => buildSection(bytes, header, names.at(header.nameOff)));
  checkOverlap(sections, table);
  for (const section of sections) checkEntries(section);
  const symtab = findSymtab(sections);
  const symbols = symtab === undefined ? [] : parseSymbols(symtab, sections, littleEndian);
  return { bytes, littleEndian, machine, sectionHeaders: table.offset, sections, symtab: symtab?.index, symbols };
}

interface TablePlace {
  readonly offset: number;
  readonly count: number;
  readonly namesIndex: number;
}

/** Section as its header says, before names and contents are known. */
type RawSection = Omit<Section, "name" | "bytes"> & { readonly nameOff: number };

function readTablePlace(view: DataView, littleEndian: boolean): TablePlace {
  const offset = readU64(view, 40, littleEndian, "e_shoff", undefined);
  const entrySize = view.getUint16(58, littleEndian);
  const count = view.getUint16(60, littleEndian);
  const namesIndex = view.getUint16(62, littleEndian);
  if (offset === 0) raise("ELF_MALFORMED", "the object has no section headers", 40, 8);
  if (count === 0 || count >= SHN_LORESERVE || namesIndex === SHN_XINDEX) {
    raise("ELF_UNSUPPORTED", "extended section numbering (65280 sections or more) is not supported", 60, 4);
  }
  if (entrySize !== SHDR_SIZE) {
    raise("ELF_MALFORMED", `section headers are ${entrySize} bytes long, not ${SHDR_SIZE}`, 58, 2);
  }
  if (offset < EHDR_SIZE) raise("ELF_MALFORMED", `the section headers at ${offset} overlap the ELF header`, 40, 8);
  if (offset + count * SHDR_SIZE > view.byteLength) {
    raise(
      "ELF_TRUNCATED",
      `${count} section headers at offset ${offset} reach past the end of the file (${view.byteLength} bytes)`,
      offset,
      count * SHDR_SIZE,
    );
  }
  if (namesIndex === 0 || namesIndex >= count) {
    raise("ELF_MALFORMED", `the section name table is said to be section ${namesIndex} of ${count}`, 62, 2);
  }
  return { offset, count, namesIndex };
}

function readHeader(view: DataView, littleEndian: boolean, table: number, index: number): RawSection {
  const at = table + index * SHDR_SIZE;
  const u32 = (offset: number): number => view.getUint32(at + offset, littleEndian);
  const u64 = (offset: number, field: string): number =>
    readU64(view, at + offset, littleEndian, `${field} of section ${index}`, undefined);
  return {
    index,
    nameOff: u32(0),
    type: u32(4),
    flags: u64(8, "sh_flags"),
    offset: u64(24, "sh_offset"),
    size: u64(32, "sh_size"),
    link: u32(40),
    info: u32(44),
    addralign: u64(48, "sh_addralign"),
    entsize: u64(56, "sh_entsize"),
  };
}

function sectionNames(bytes: Uint8Array, raw: readonly RawSection[], table: TablePlace): NameReader {
  const header = raw[table.namesIndex];
  if (header === undefined || header.type !== SHT_STRTAB) {
    raise("ELF_MALFORMED", `section ${table.namesIndex} should hold the section names but is no string table`, 62, 2);
  }
  return new NameReader(buildSection(bytes, header, "the section name table").bytes, "the section name table");
}

function buildSection(bytes: Uint8Array, header: RawSection, name: string): Section {
  const { index, type, flags, offset, size, link, info, addralign, entsize } = header;
  const inFile = type !== SHT_NULL && type !== SHT_NOBITS;
  if (inFile && offset + size > bytes.length) {
    throw new BtfFixError(
      "ELF_TRUNCATED",
      `section ${index} (${name}): ${size} bytes at file offset ${offset} reach past the end of the file (${bytes.length} bytes)`,
      { section: name, offset: 0, length: size },
    );
  }
  const content = inFile ? bytes.subarray(offset, offset + size) : NOTHING;
  return { index, name, type, flags, offset, size, link, info, addralign, entsize, bytes: content };
}

/** No two sections share a byte, and none lies in the ELF header or the header table: else patching one would change another. */
function checkOverlap(sections: readonly Section[], table: TablePlace): void {
  const extents = sections
    .filter((section) => section.bytes.length > 0)
    .map(({ index, name, offset, size }) => ({
      what: `section ${index} (${name})`,
      name,
      start: offset,
      end: offset + size,
    }));
  const tableEnd = table.offset + table.count * SHDR_SIZE;
  extents.push({ what: "the section headers", name: "", start: table.offset, end: tableEnd });
  extents.sort((a, b) => a.start - b.start);
  let last = { what: "the ELF header", end: EHDR_SIZE };
  for (const extent of extents) {
    if (extent.start < last.end) {
      throw new BtfFixError("ELF_MALFORMED", `${extent.what} at file offset ${extent.start} overlaps ${last.what}`, {
        section: extent.name === "" ? undefined : extent.name,
        offset: extent.name === "" ? extent.start : 0,
        length: last.end - extent.start,
      });
    }
    last = extent;
  }
}

/**
 * Relocation sections: whole entries. Their target need not exist: llvm-objcopy leaves a number of no section there, which a rule reports
 * and a repair sets right.
 */
function checkEntries(section: Section): void {
  const { index, name, type, entsize, bytes } = section;
  const fault = (message: string): never => {
    throw new BtfFixError("ELF_MALFORMED", `section ${index} (${name}) ${message}`, {
      section: name,
      offset: 0,
      length: bytes.length,
    });
  };
  if (type === SHT_SYMTAB_SHNDX) {
    throw new BtfFixError("ELF_UNSUPPORTED", `section ${index} (${name}): extended symbol section numbers`, {
      section: name,
      offset: 0,
      length: bytes.length,
    });
  }
  if (type !== SHT_REL && type !== SHT_RELA) return;
  const expected = type === SHT_REL ? REL_SIZE : RELA_SIZE;
  if (entsize !== expected) fault(`has relocation entries of ${entsize} bytes, not ${expected}`);
  if (bytes.length % expected !== 0) fault(`is ${bytes.length} bytes long, no multiple of ${expected}`);
}

function findSymtab(sections: readonly Section[]): Section | undefined {
  const [first, second] = sections.filter((section) => section.type === SHT_SYMTAB);
  if (second !== undefined) {
    throw new BtfFixError("ELF_MALFORMED", `section ${second.index} (${second.name}) is a second symbol table`, {
      section: second.name,
      offset: 0,
      length: second.bytes.length,
    });
  }
  return first;
}

function raise(code: BtfFixErrorCode, message: string, offset: number, length: number): never {
  throw new BtfFixError(code, message, { section: undefined, offset, length });
}
