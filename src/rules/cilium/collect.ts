import {
  type ElfSymbol,
  type ElfView,
  REL_SIZE,
  type Section,
  SHF_EXECINSTR,
  SHN_ABS,
  SHN_COMMON,
  SHN_UNDEF,
  SHT_PROGBITS,
  SHT_REL,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
} from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { asRead, content } from "./contents.ts";
import { Budget, ciliumRule, refuse, within } from "./rule.ts";

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

export const collectRules: readonly LoaderRule[] = [machine, structOps, versionWhole, entries, symbolThere, targetRead];

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
  readonly budget: Budget;
  /** By section index, in the order of the file; 0 stands for symbols that are defined nowhere. */
  readonly sections: ReadonlyMap<number, ReadSection>;
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

/** Sorts the sections. Errors: CE-02 to CE-04. */
export function collectSections(elf: ElfView): { readonly collected: Collected; readonly relocating: Relocating } {
  const all = elf.sections.map((section) => asRead(elf, section));
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
  return { collected: { elf, budget: new Budget(elf.bytes.length), sections }, relocating };
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

/** Gives the sections their relocations. Errors: CE-06, CE-07. */
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
  const bytes = content(elf, table);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < table.size; at += REL_SIZE) {
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
