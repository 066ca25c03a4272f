import { BtfFixError } from "../errors.ts";
import {
  type ElfRelocation,
  type ElfSymbol,
  type ElfView,
  R_BPF_64_32,
  R_BPF_64_64,
  R_BPF_64_ABS32,
  R_BPF_64_ABS64,
  R_BPF_64_NODYLD32,
  R_BPF_GNU_DATA_32,
  R_BPF_GNU_DATA_64,
  type Section,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHN_ABS,
  SHN_COMMON,
  SHN_UNDEF,
  UNDEFINED_BASE,
} from "./model.ts";
import { entryAt, entryTable, entryWords, relocationSections } from "./relocations.ts";

const WORD = 0x1_0000_0000;

/**
 * A section's content with its data relocations applied as S + A; see `applyRelocations`.
 *
 * Errors: ELF_MALFORMED.
 */
export function relocateSection(elf: ElfView, sectionIndex: number): Uint8Array {
  const section = elf.sections[sectionIndex];
  if (section === undefined) throw new RangeError(`the object has no section ${sectionIndex}`);
  return applyRelocations(elf, sectionIndex, section.bytes);
}

/**
 * `content` (the section's, decompressed if it was compressed) with its data relocations applied as S + A.
 *
 * Each allocated section i starts at the synthetic address `i << 32`, an undefined or common symbol s lies at
 * `(UNDEFINED_BASE + s) << 32`, sections that are not loaded start at 0: an address says what it belongs to. A 32-bit field takes the
 * low half. Instructions are left alone. Without relocations the result is `content` itself; the input is never written to.
 * ABI: Documentation/bpf/llvm_reloc.rst; until LLVM 12, R_BPF_64_64 and R_BPF_64_32 were the types of data too.
 * Errors: ELF_MALFORMED when a field lies outside the content.
 */
export function applyRelocations(elf: ElfView, sectionIndex: number, content: Uint8Array): Uint8Array {
  const section = elf.sections[sectionIndex];
  if (section === undefined) throw new RangeError(`the object has no section ${sectionIndex}`);
  const tables = relocationSections(elf).filter(({ info, bytes }) => info === sectionIndex && bytes.length > 0);
  if (tables.length === 0) return content;
  const result = new Uint8Array(content);
  const view = new DataView(result.buffer);
  const isCode = (section.flags & SHF_EXECINSTR) !== 0;
  for (const table of tables) applyEntries(elf, section, table, view, isCode);
  return result;
}

/** Applies the entries of one relocation section to the content that `view` shows. */
function applyEntries(elf: ElfView, section: Section, relSection: Section, view: DataView, isCode: boolean): void {
  const { littleEndian, symbols } = elf;
  const table = entryTable(elf, relSection);
  const words = entryWords(table, littleEndian);
  const stride = table.stride / 4;
  const [lowAt, highAt, typeAt, symbolAt] = littleEndian ? [0, 1, 2, 3] : [1, 0, 3, 2];
  let idleType = -1;
  let idleSymbol = -1;
  for (let entry = 0, at = 0; entry < table.count; entry++, at += stride) {
    // Nearly every entry of .debug_info adds the value of a section symbol, 0, to what the field holds: 32 bits stay as they are.
    // Such an entry is passed over without being made an object of, which at the start of a process costs more than all the rest.
    const type = words[at + typeAt] ?? 0;
    const symbol = words[at + symbolAt] ?? 0;
    if (
      (type !== idleType || symbol !== idleSymbol) &&
      !table.withAddend &&
      isAbs32(type) &&
      symbols[symbol]?.value === 0
    ) {
      idleType = type;
      idleSymbol = symbol;
    }
    const isIdle = type === idleType && symbol === idleSymbol;
    if (isIdle && words[at + highAt] === 0 && (words[at + lowAt] ?? 0) + 4 <= view.byteLength) continue;
    const relocation = entryAt(elf, relSection, table, entry);
    const width = fieldWidth(relocation.type, isCode);
    if (width === 0) continue;
    if (relocation.offset + width > view.byteLength) outside(section, relocation, width, view.byteLength);
    addSymbol(view, elf, relocation, width);
  }
}

/** The types whose field is 32 bits of data wherever it lies. */
function isAbs32(type: number): boolean {
  return type === R_BPF_64_ABS32 || type === R_BPF_64_NODYLD32 || type === R_BPF_GNU_DATA_32;
}

/** Bytes of the data field that a relocation type fills; 0 for instructions and types that ask for nothing. */
export function fieldWidth(type: number, isCode: boolean): 0 | 4 | 8 {
  if (isAbs32(type)) return 4;
  if (type === R_BPF_64_ABS64 || type === R_BPF_GNU_DATA_64) return 8;
  if (isCode) return 0;
  if (type === R_BPF_64_64) return 8;
  return type === R_BPF_64_32 ? 4 : 0;
}

/** Two 32-bit halves instead of one bigint: `.debug_info` of a large object has hundreds of thousands of fields. */
function addSymbol(view: DataView, elf: ElfView, relocation: ElfRelocation, width: 4 | 8): void {
  const { offset, addend } = relocation;
  const { littleEndian } = elf;
  const symbol = elf.symbols[relocation.symbol];
  const value = symbol?.section === SHN_COMMON ? 0 : (symbol?.value ?? 0);
  if (width === 4) {
    const low = addend === undefined ? view.getUint32(offset, littleEndian) : Number(BigInt.asUintN(32, addend));
    view.setUint32(offset, ((value % WORD) + low) % WORD, littleEndian);
    return;
  }
  const lowAt = offset + (littleEndian ? 0 : 4);
  const highAt = offset + (littleEndian ? 4 : 0);
  const start = addend === undefined ? view.getUint32(lowAt, littleEndian) : Number(BigInt.asUintN(32, addend));
  const startHigh =
    addend === undefined ? view.getUint32(highAt, littleEndian) : Number(BigInt.asUintN(32, addend >> 32n));
  const low = (value % WORD) + start;
  const high = syntheticBase(elf, symbol) + Math.floor(value / WORD) + startHigh + (low >= WORD ? 1 : 0);
  view.setUint32(lowAt, low % WORD, littleEndian);
  view.setUint32(highAt, high % WORD, littleEndian);
}

/** High word of the address at which a symbol's section is taken to begin. */
function syntheticBase(elf: ElfView, symbol: ElfSymbol | undefined): number {
  // Symbol 0 stands for no symbol at all: S is 0.
  if (symbol === undefined || symbol.index === 0 || symbol.section === SHN_ABS) return 0;
  if (symbol.section === SHN_UNDEF || symbol.section === SHN_COMMON) return UNDEFINED_BASE + symbol.index;
  const section = elf.sections[symbol.section];
  return section !== undefined && (section.flags & SHF_ALLOC) !== 0 ? section.index : 0;
}

function outside(section: Section, relocation: ElfRelocation, width: number, length: number): never {
  throw new BtfFixError(
    "ELF_MALFORMED",
    `relocation ${relocation.entry} of ${section.name} changes ${width} bytes at ${relocation.offset}, but it has ${length} bytes`,
    { section: section.name, offset: relocation.offset, length: width },
  );
}
