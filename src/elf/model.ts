/** A relocatable BPF ELF file as data. A section is its index, never its name: two sections may be called ".maps". */

export const EM_BPF = 247;

export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHT_DYNSYM = 11;
export const SHT_GROUP = 17;
export const SHT_SYMTAB_SHNDX = 18;
/** Symbol indices (ULEB128) that clang notes as address-significant; linked to the symbol table. */
export const SHT_LLVM_ADDRSIG = 0x6fff_4c03;

export const SHF_WRITE = 1;
export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;
/** `sh_info` is a section index: LLVM sets it on relocation sections. */
export const SHF_INFO_LINK = 0x40;
export const SHF_COMPRESSED = 0x800;

export const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;
export const SHN_ABS = 0xfff1;
export const SHN_COMMON = 0xfff2;
export const SHN_XINDEX = 0xffff;

export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STB_WEAK = 2;

export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_SECTION = 3;
export const STT_FILE = 4;

export const STV_DEFAULT = 0;

/** Bytes of one header, symbol or relocation entry of ELF64 (elf(5)). */
export const EHDR_SIZE = 64;
export const SHDR_SIZE = 64;
export const SYM_SIZE = 24;
export const REL_SIZE = 16;
export const RELA_SIZE = 24;

/** Synthetic section number from which undefined symbols are counted: above every section index, within 53 bits once shifted by 32. */
export const UNDEFINED_BASE = 0x10_0000;

/** Relocation types of the BPF ABI (llvm/BinaryFormat/ELFRelocs/BPF.def). */
export const R_BPF_NONE = 0;
export const R_BPF_64_64 = 1;
export const R_BPF_64_ABS64 = 2;
export const R_BPF_64_ABS32 = 3;
export const R_BPF_64_NODYLD32 = 4;
export const R_BPF_64_32 = 10;
/** Data of 32 and 64 bits as binutils up to 2.40 number them (gcc-bpf 12): R_BPF_DATA_32, R_BPF_DATA_64. */
export const R_BPF_GNU_DATA_32 = 11;
export const R_BPF_GNU_DATA_64 = 12;

export interface Section {
  /** Position in the section header table: the section's identity. */
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** File offset and length in bytes; for SHT_NOBITS the length in memory. */
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly addralign: number;
  readonly entsize: number;
  /** Content as it stands in the file; empty for SHT_NOBITS. A view, never to be written to. */
  readonly bytes: Uint8Array;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  /** STB_* and STT_*. */
  readonly binding: number;
  readonly type: number;
  /** STV_*. */
  readonly visibility: number;
  /** Section index, or SHN_UNDEF, SHN_ABS, SHN_COMMON. */
  readonly section: number;
  /** Offset in the section and length, in bytes. */
  readonly value: number;
  readonly size: number;
}

/** One SHT_REL (or RELA) entry: `offset` in the target section, `symbol` an index into the symbol table. */
export interface ElfRelocation {
  /** Index of the relocation section and of the section it applies to. */
  readonly relSection: number;
  readonly target: number;
  /** Position of this entry in its relocation section, from 0. */
  readonly entry: number;
  readonly offset: number;
  readonly type: number;
  readonly symbol: number;
  /** RELA only; for REL the addend stands in place. */
  readonly addend: bigint | undefined;
}

export interface ElfView {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly machine: number;
  /** File offset of the section header table. */
  readonly sectionHeaders: number;
  readonly sections: readonly Section[];
  /** Index of the symbol table's section, undefined in a stripped file. */
  readonly symtab: number | undefined;
  /** `symbols[i]` has index i; the null symbol comes first. Empty without a symbol table. */
  readonly symbols: readonly ElfSymbol[];
}
