import {
  type ElfSymbol,
  type ElfView,
  type Section,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHN_ABS,
  SHN_COMMON,
  SHN_UNDEF,
  SHT_DYNSYM,
  SHT_NOBITS,
  SHT_PROGBITS,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
} from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { type AyaVersion, ayaRule, refuse } from "./rule.ts";

/** Types of relocation sections, symbols and relocations that only the `object` crate names. */
const SHT_CREL = 0x4000_0014;
const STT_COMMON = 5;
const STT_GNU_IFUNC = 10;
const R_BPF_64_64 = 1;
const R_BPF_64_32 = 10;

const file = "Object::parse (object::File::parse)";
const ELF = "error parsing ELF data";
const dynamic = ayaRule("AO-01", "A dynamic symbol table is whole, and linked to its strings.", file, ELF);
const target = ayaRule("AO-02", "What relocations apply to is a section, and not one of relocations.", file, ELF);
const readable = ayaRule(
  "AO-03",
  "A section's name is UTF-8, and its bytes lie within the file.",
  "Section::try_from",
  "error parsing section with index N",
);
const symbolic = ayaRule(
  "AO-04",
  "Each relocation has a symbol.",
  "Section::try_from",
  "unsupported relocation target",
);
const symbolName = ayaRule(
  "AO-05",
  "A symbol's name is UTF-8.",
  "Object::parse",
  "BTF error: Unable to get symbol name",
);

export const elfRules: readonly LoaderRule[] = [dynamic, target, readable, symbolic, symbolName];

export interface AyaRelocation {
  readonly offset: number;
  readonly symbol: number;
  /** Bits of what is relocated, as far as the crate knows the type; else 0. */
  readonly size: number;
}

/** A section as aya reads it. */
export interface AyaSection {
  readonly index: number;
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly data: Uint8Array;
  readonly isCode: boolean;
}

export type SymbolKind = "text" | "data" | "section" | "other";

/** A symbol as aya reads it. */
export interface AyaSymbol {
  readonly index: number;
  readonly name: string;
  readonly kind: SymbolKind;
  /** Undefined for one that is in no section. */
  readonly section: number | undefined;
  readonly address: number;
  readonly size: number;
  readonly isDefinition: boolean;
  readonly isExtern: boolean;
  readonly isGlobal: boolean;
}

const isRelocations = ({ type }: Section): boolean => type === SHT_REL || type === SHT_RELA || type === SHT_CREL;

/** U+FFFD stands for what is no UTF-8. */
const isText = (name: string): boolean => !name.includes("\ufffd");

/** Types of symbols that may be defined, and of those that may be undefined: all that have no meaning of their own. */
const DEFINED: readonly number[] = [STT_FUNC, STT_OBJECT, STT_NOTYPE];
const UNDEFINED: readonly number[] = [0, 7, 8, 9, 11, 12, 13, 14, 15];

function kindOf({ type }: ElfSymbol): SymbolKind {
  if (type === STT_FUNC || type === STT_GNU_IFUNC) return "text";
  if (type === STT_OBJECT || type === STT_COMMON) return "data";
  return type === 3 ? "section" : "other";
}

function symbolOf(symbol: ElfSymbol, version: AyaVersion): AyaSymbol {
  const { index, name, type, binding, section, value, size } = symbol;
  if (!isText(name)) refuse(symbolName, "BTF error: Unable to get symbol name");
  const isPlaced = section !== SHN_UNDEF && section !== SHN_ABS && section !== SHN_COMMON;
  const isMapping = type === STT_NOTYPE && binding === STB_LOCAL && name.startsWith("$");
  const isDefinition = isPlaced && !isMapping && DEFINED.includes(type);
  return {
    index,
    name,
    kind: kindOf(symbol),
    section: isPlaced ? section : undefined,
    // The newer crate takes the value of a common symbol for its alignment.
    address: section === SHN_COMMON && version !== "0.3" ? 0 : value,
    size,
    isDefinition,
    isExtern: !isPlaced && !isDefinition && UNDEFINED.includes(type),
    isGlobal: binding !== STB_LOCAL,
  };
}

/** The object as the `object` crate shows it to aya, to every version alike but for the symbols. */
export class AyaElf {
  readonly elf: ElfView;
  /** First relocation section of each section, and the next one of each relocation section. */
  private readonly chain = new Map<number, number>();
  private readonly known = new Map<number, AyaSection>();

  /** Throws an `AyaRefusal`. */
  constructor(elf: ElfView) {
    this.elf = elf;
    this.checkDynamic();
    for (const section of elf.sections.toReversed()) this.link(section);
  }

  private checkDynamic(): void {
    const { sections } = this.elf;
    const table = sections.find(({ type }) => type === SHT_DYNSYM);
    if (table === undefined) return;
    const isWhole = table.size % 24 === 0;
    const isLinked = table.link === 0 || sections[table.link]?.type === SHT_STRTAB;
    if (!isWhole || !isLinked) refuse(dynamic, ELF);
  }

  private link(section: Section): void {
    const { sections, symtab = 0 } = this.elf;
    const { index, link, info } = section;
    if (!isRelocations(section) || link !== symtab || info === 0) return;
    const applied = sections[info];
    if (applied === undefined || isRelocations(applied)) refuse(target, ELF);
    const next = this.chain.get(info);
    this.chain.set(info, index);
    if (next !== undefined) this.chain.set(index, next);
  }

  /** All symbols but the first. Throws an `AyaRefusal`. */
  symbols(version: AyaVersion): AyaSymbol[] {
    return this.elf.symbols.slice(1).map((symbol) => symbolOf(symbol, version));
  }

  /** Throws an `AyaRefusal`. */
  section(section: Section): AyaSection {
    const known = this.known.get(section.index) ?? this.read(section);
    this.known.set(section.index, known);
    return known;
  }

  private read(section: Section): AyaSection {
    const { index, name, type, flags, offset, size } = section;
    const { bytes, sectionHeaders, littleEndian } = this.elf;
    const isInFile = type === SHT_NOBITS || offset + size <= bytes.length;
    if (!isText(name) || !isInFile) refuse(readable, `error parsing section with index ${index}`);
    const header = new DataView(bytes.buffer, bytes.byteOffset + sectionHeaders + 64 * index, 64);
    const code = SHF_ALLOC | SHF_EXECINSTR;
    this.checkRelocations(index);
    return {
      index,
      name,
      address: word64(header, 16, littleEndian),
      size,
      data: type === SHT_NOBITS ? bytes.subarray(0, 0) : bytes.subarray(offset, offset + size),
      isCode: type === SHT_PROGBITS && (flags & code) === code && size > 0,
    };
  }

  /** aya reads those of every section, of debug info, too, most of which nobody asks for again. */
  private checkRelocations(index: number): void {
    const { littleEndian } = this.elf;
    for (const { view, stride } of this.tables(index)) {
      for (let entry = littleEndian ? 12 : 8; entry < view.byteLength; entry += stride) {
        if (view.getUint32(entry, littleEndian) === 0) refuse(symbolic, "unsupported relocation target");
      }
    }
  }

  /** The relocations of a section that has been read, in the order of their tables. */
  relocations({ index }: AyaSection): AyaRelocation[] {
    const { littleEndian } = this.elf;
    const found: AyaRelocation[] = [];
    for (const { view, stride } of this.tables(index)) {
      for (let entry = 0; entry < view.byteLength; entry += stride) {
        const symbol = view.getUint32(entry + (littleEndian ? 12 : 8), littleEndian);
        const kind = view.getUint32(entry + (littleEndian ? 8 : 12), littleEndian);
        const size = kind === R_BPF_64_64 ? 64 : kind === R_BPF_64_32 ? 32 : 0;
        found.push({ offset: word64(view, entry, littleEndian), symbol, size });
      }
    }
    return found;
  }

  /** Tables of a section's relocations, of whole entries. Compact ones, which LLVM writes for no BPF object, are left out. */
  private *tables(index: number): Generator<{ readonly view: DataView; readonly stride: number }> {
    for (let at = this.chain.get(index); at !== undefined; at = this.chain.get(at)) {
      const section = this.elf.sections[at];
      if (section === undefined || section.type === SHT_CREL) continue;
      const { bytes, type } = section;
      const stride = type === SHT_REL ? 16 : 24;
      yield { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length - (bytes.length % stride)), stride };
    }
  }
}

function word64(view: DataView, at: number, littleEndian: boolean): number {
  const [low, high] = littleEndian ? [at, at + 4] : [at + 4, at];
  return view.getUint32(high, littleEndian) * 0x1_0000_0000 + view.getUint32(low, littleEndian);
}

const read = new WeakMap<ElfView, AyaElf>();

/** The object for the version that asks, read once for all. Throws an `AyaRefusal`. */
export function readElf(elf: ElfView): AyaElf {
  const known = read.get(elf) ?? new AyaElf(elf);
  read.set(elf, known);
  return known;
}
