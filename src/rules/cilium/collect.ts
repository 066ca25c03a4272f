import {
  type ElfSymbol,
  type ElfView,
  EM_BPF,
  type Section,
  SHF_ALLOC,
  SHF_COMPRESSED,
  SHF_EXECINSTR,
  SHN_ABS,
  SHN_COMMON,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_PROGBITS,
  SHT_REL,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
} from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse, Unread, within } from "./rule.ts";

const machine = ciliumRule(
  "CE-01",
  "The machine of the object is BPF, or none.",
  "LoadCollectionSpecFromReader",
  "unexpected machine type for BPF ELF: M",
  { unreachable: "an object of another machine has no verdict: our reader of ELF refuses it" },
);
const structOps = ciliumRule(
  "CE-02",
  "There is no section .struct_ops, but only .struct_ops.link.",
  "LoadCollectionSpecFromReader",
  "section \".struct_ops\": got '.struct_ops' section: not supported",
);
const readable = ciliumRule(
  "CE-03",
  "A section that is read has contents in the file, not compressed unless the library can undo it.",
  "debug/elf.Section.Data",
  [
    "unexpected read from SHT_NOBITS section",
    "SHF_COMPRESSED applies only to non-allocable sections",
    "unknown compression type",
  ],
);
const below = ciliumRule(
  "CE-10",
  "A section is shorter than 4 GiB.",
  "btf.loadSpecFromELF",
  "section S exceeds maximum size",
);
const headerWhole = ciliumRule(
  "CE-09",
  "A section that says it is compressed begins with a header of 24 bytes.",
  "debug/elf.NewFile",
  "EOF",
);
const versionWhole = ciliumRule("CE-04", "A version is 4 bytes.", "loadVersion", "section S: EOF");
const entries = ciliumRule(
  "CE-05",
  "The entries of a relocation section are 16 bytes or longer.",
  "elfCode.loadSectionRelocations",
  "section S: relocations are less than 16 bytes",
  { unreachable: "an object with such entries has no verdict: our reader of ELF refuses it" },
);
const symbolThere = ciliumRule(
  "CE-06",
  "A relocation is one to a symbol that is there.",
  "elfCode.loadSectionRelocations",
  "offset N: symbol M doesn't exist",
);
const targetRead = ciliumRule(
  "CE-07",
  "A relocation is one to a section of programs, maps or data, or to none.",
  "elfCode.loadRelocations",
  'section "S": reference to "V" in section N: not supported',
);

export const collectRules: readonly LoaderRule[] = [
  machine,
  structOps,
  readable,
  versionWhole,
  entries,
  symbolThere,
  targetRead,
  headerWhole,
  below,
];

export type SectionKind = "undefined" | "maps" | "btfMaps" | "program" | "data" | "structOps";

/** A section that the library reads. */
export interface ReadSection {
  readonly section: Section;
  readonly kind: SectionKind;
  /** By their offset in the section: of several at one the last. */
  readonly symbols: Map<number, ElfSymbol>;
  /** Symbols that relocations refer to, by the offset in the section. */
  readonly relocations: Map<number, ElfSymbol>;
  /** How many relocations refer to the section. */
  references: number;
}

export interface Collected {
  readonly elf: ElfView;
  /** By section index, in the order of the file; 0 stands for symbols that are defined nowhere. */
  readonly sections: ReadonlyMap<number, ReadSection>;
}

const RELOCATION = 16;

/** The bytes that a section header delimits, whatever the section is. */
export function rawBytes({ bytes }: ElfView, { offset, size }: Section): Uint8Array {
  return bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + size, bytes.length));
}

export function isCompressed({ flags }: Section): boolean {
  return Math.floor(flags / SHF_COMPRESSED) % 2 === 1;
}

const [COMPRESSED_SIZE, COMPRESSED_ALIGN, COMPRESSED_HEADER] = [8, 16, 24];
const [ZLIB, ZSTD] = [1, 2];

/** The section as the library sees it: a compressed one has the size and alignment that its contents would have. */
export function asRead(elf: ElfView, section: Section): Section {
  if (!isCompressed(section)) return section;
  const bytes = rawBytes(elf, section);
  if (bytes.length < COMPRESSED_HEADER) refuse(headerWhole);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => Number(view.getBigUint64(at, elf.littleEndian));
  return { ...section, size: word(COMPRESSED_SIZE), addralign: word(COMPRESSED_ALIGN) };
}

const MOST = 0xffff_ffff;

/** What the library looks at before it looks for BTF. Errors: CE-10. */
export function checkSizes(elf: ElfView): void {
  for (const section of elf.sections) {
    const { name, type } = section;
    if (name === ".BTF" || (type !== SHT_PROGBITS && type !== SHT_NOBITS)) continue;
    if (asRead(elf, section).size > MOST) refuse(below, `section ${name} exceeds maximum size`);
  }
}

/** The content as the library asks for it. Errors: CE-03; Unread where it would have to be decompressed. */
export function content(elf: ElfView, section: Section): Uint8Array {
  if (section.type === SHT_NOBITS && section.size > 0) refuse(readable);
  if (isCompressed(section)) {
    if (Math.floor(section.flags / SHF_ALLOC) % 2 === 1) refuse(readable, readable.text[1]);
    const { bytes } = elf;
    const way = new DataView(bytes.buffer, bytes.byteOffset).getUint32(section.offset, elf.littleEndian);
    if (way === ZLIB || way === ZSTD) throw new Unread();
    refuse(readable, readable.text[2]);
  }
  return rawBytes(elf, section);
}

function kindOf({ name, type, flags, size }: Section): SectionKind | undefined {
  if (name.startsWith("maps")) return "maps";
  if (name === ".maps") return "btfMaps";
  if (isData(name)) return "data";
  if (type !== SHT_PROGBITS || size === 0) return undefined;
  if ((flags & SHF_EXECINSTR) !== 0) return "program";
  if (name === ".struct_ops") refuse(structOps);
  return name === ".struct_ops.link" ? "structOps" : undefined;
}

function checkLabels(elf: ElfView, license: Section | undefined, version: Section | undefined): void {
  if (license !== undefined) {
    within(`load license: section ${license.name}`, () => content(elf, license));
  }
  if (version === undefined) return;
  const bytes = within(`load version: section ${version.name}`, () => content(elf, version));
  if (bytes.length < 4) {
    refuse(versionWhole, `load version: section ${version.name}: ${bytes.length === 0 ? "EOF" : "unexpected EOF"}`);
  }
}

/** Sorts the sections. Errors: CE-01 to CE-04. */
export function collectSections(elf: ElfView): { readonly collected: Collected; readonly relocating: Relocating } {
  const all = elf.sections.map((section) => asRead(elf, section));
  if (elf.machine !== EM_BPF && elf.machine !== 0) {
    refuse(machine, "unexpected machine type for BPF ELF: …");
  }
  const sections = new Map<number, ReadSection>();
  const add = (index: number, section: Section, kind: SectionKind): void => {
    sections.set(index, { section, kind, symbols: new Map(), relocations: new Map(), references: 0 });
  };
  const nothing = elf.sections[0];
  if (nothing !== undefined) add(SHN_UNDEF, { ...nothing, name: "" }, "undefined");
  const relocating = new Map<number, Section>();
  let [license, version]: (Section | undefined)[] = [];
  for (const section of all) {
    if (section.name.startsWith("license")) license = section;
    else if (section.name.startsWith("version")) version = section;
    else {
      const isNamed = section.name.startsWith("maps") || section.name === ".maps" || isData(section.name);
      if (!isNamed && section.type === SHT_REL) relocating.set(section.info, section);
      else {
        const kind = kindOf(section);
        if (kind !== undefined) add(section.index, section, kind);
      }
    }
  }
  checkLabels(elf, license, version);
  return { collected: { elf, sections }, relocating };
}

function isData(name: string): boolean {
  return name === ".bss" || name.startsWith(".data") || name.startsWith(".rodata");
}

/** Relocation sections by the section that they are for. */
export type Relocating = ReadonlyMap<number, Section>;

function isKept({ type, binding }: ElfSymbol, kind: SectionKind): boolean {
  if (kind === "program") return type === STT_FUNC || (type === STT_NOTYPE && binding !== STB_LOCAL);
  return (kind === "maps" || kind === "btfMaps" || kind === "data") && (type === STT_NOTYPE || type === STT_OBJECT);
}

/** Gives the sections their symbols. */
export function assignSymbols({ elf, sections }: Collected): void {
  for (const symbol of elf.symbols) {
    const of = sections.get(symbol.section);
    if (symbol.index === 0 || of === undefined || symbol.name === "" || !isKept(symbol, of.kind)) continue;
    of.symbols.set(symbol.value, symbol);
  }
}

/** As Go prints it. */
function sectionIndex(index: number): string {
  if (index === SHN_ABS) return "SHN_ABS";
  return index === SHN_COMMON ? "SHN_COMMON" : `SHN_UNDEF+${index}`;
}

/** Gives the sections their relocations. Errors: CE-05 to CE-07. */
export function loadRelocations({ elf, sections }: Collected, relocating: Relocating): void {
  for (const [index, table] of relocating) {
    const of = sections.get(index);
    if (of === undefined) continue;
    const { name } = of.section;
    within(`relocation for section ${JSON.stringify(name)}`, () => readRelocations(elf, table, of.relocations));
    for (const symbol of of.relocations.values()) {
      const target = sections.get(symbol.section);
      if (target === undefined) {
        const place = `"${name}": reference to "${symbol.name}" in section`;
        refuse(targetRead, `section ${place} ${sectionIndex(symbol.section)}: not supported`);
      } else target.references++;
    }
  }
}

function readRelocations(elf: ElfView, table: Section, into: Map<number, ElfSymbol>): void {
  const { entsize, name } = table;
  if (entsize < RELOCATION) refuse(entries, `section ${name}: relocations are less than 16 bytes`);
  const bytes = content(elf, table);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < table.size; at += entsize) {
    const offset = Number(view.getBigUint64(at, elf.littleEndian));
    const info = view.getBigUint64(at + 8, elf.littleEndian);
    const number = Number(info >> 32n);
    const symbol = elf.symbols[number];
    if (number === 0 || symbol === undefined) {
      refuse(symbolThere, `offset ${at}: symbol ${(number - 1) >>> 0} doesn't exist`);
    }
    into.set(offset, symbol);
  }
}
