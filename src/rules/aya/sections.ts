import { KIND_NUMBER } from "../../btf/model.ts";
import type { ElfView, Section } from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { AyaBtf } from "./btf.ts";
import { type AyaDefinition, definitionOf } from "./definition.ts";
import { type AyaElf, type AyaRelocation, type AyaSection, type AyaSymbol, readElf } from "./elf.ts";
import { type AyaExt, readExt } from "./ext.ts";
import { type AyaExterns, collectExterns } from "./externs.ts";
import { isProgramSection } from "./program-section.ts";
import { type AyaVersion, ayaPanic, ayaRule, panic, refuse } from "./rule.ts";

const INSTRUCTION = 8;
/** Bytes that a definition of the old form must have. */
const LEGACY = 20;

const NO_SYMBOLS = "no symbols found in the S section";
const licenseShort = ayaRule(
  "AS-01",
  "A license is at least a character, and has no NUL but at its end.",
  "parse_license",
  "invalid license `B`",
);
const licenseEnd = ayaRule(
  "AS-02",
  "A license ends in a NUL.",
  "parse_license",
  "invalid license `B`: missing NULL terminator",
);
const versionSize = ayaRule("AS-03", "A kernel version has 4 bytes.", "parse_version", "invalid kernel version `B`");
const programKind = ayaRule(
  "AP-01",
  "A section of code is named after a type of program.",
  "ProgramSection::from_str",
  "invalid program section `S`",
);
const programSymbols = ayaRule("AP-02", "A section of programs has symbols.", "Object::parse_programs", NO_SYMBOLS);
const programInside = ayaPanic("AP-03", "A function lies within its section", "Object::parse_program");
const wholeInstructions = ayaRule(
  "AP-04",
  "A function has whole instructions.",
  "copy_instructions",
  "invalid program code",
);
const textConflict = ayaRule(
  "AP-05",
  "No two functions of .text begin at one place.",
  "Object::parse_text_section",
  "two or more symbols in section `N` have the same address A",
);
const textSymbol = ayaRule(
  "AP-06",
  "In .text a function begins where the one before ends.",
  "Object::parse_text_section",
  "unknown symbol in section `N` at address A",
);
const textEmpty = ayaRule(
  "AP-07",
  "A function of .text has instructions.",
  "Object::parse_text_section",
  "invalid symbol, index `N` name: F",
);
const noBtf = ayaRule("AM-11", "An object with .maps has BTF.", "Object::parse_btf_maps", "no BTF parsed for object");
const mapSymbols = ayaRule(
  "AM-12",
  "Every section whose name begins with `.maps` or `maps` has symbols.",
  "Object::parse_btf_maps, Object::parse_section",
  NO_SYMBOLS,
);
const mapSymbol = ayaRule(
  "AM-13",
  "A map has a symbol in its section.",
  "Object::parse_btf_maps",
  "symbol with name M not found in the symbols table",
);
const legacyInside = ayaPanic("AM-14", "A map of the old form lies within its section", "Object::parse_maps_section");
const legacySize = ayaRule(
  "AM-15",
  "A map of the old form has 20 bytes; a symbol of the section itself counts as one.",
  "parse_map_def",
  "error parsing map `M`",
);

export const sectionRules: readonly LoaderRule[] = [
  licenseShort,
  licenseEnd,
  versionSize,
  programKind,
  programSymbols,
  programInside,
  wholeInstructions,
  textConflict,
  textSymbol,
  textEmpty,
  noBtf,
  mapSymbols,
  mapSymbol,
  legacyInside,
  legacySize,
];

/** A map and where it comes from. */
export interface AyaMap extends AyaDefinition {
  readonly form: "btf" | "legacy" | "data";
  readonly section: number;
  /** None for a section of data. */
  readonly symbol: number | undefined;
  /** Whether it has a content of its own. */
  readonly hasData: boolean;
}

export interface AyaFunction {
  readonly name: string;
  readonly section: number;
  readonly address: number;
  /** Byte of the section where relocations count from. */
  readonly offset: number;
  readonly code: Uint8Array;
  readonly hasInfo: boolean;
}

export interface AyaProgram {
  readonly section: string;
  readonly function: AyaFunction;
}

type SectionKind = "none" | "legacy maps" | "maps" | "text" | "bss" | "data" | "rodata";

const PREFIXES: readonly (readonly [prefix: string, kind: SectionKind])[] = [
  ["license", "none"],
  ["version", "none"],
  ["maps", "legacy maps"],
  [".maps", "maps"],
  [".text", "text"],
  [".bss", "bss"],
  [".data", "data"],
  [".rodata", "rodata"],
];

const BPF_MAP_TYPE_ARRAY = 2;
const BPF_F_RDONLY_PROG = 1 << 7;
const EMPTY: AyaDefinition = {
  ...{ type: 0, keySize: 0, valueSize: 0, maxEntries: 0, mapFlags: 0, mapExtra: 0, pinning: 0 },
  ...{ keyType: 0, valueType: 0, inner: undefined },
};

/** An object as `Object::parse` builds it. */
export class AyaObject {
  readonly version: AyaVersion;
  readonly elf: ElfView;
  btf: AyaBtf | undefined;
  ext: AyaExt | undefined;
  externs: AyaExterns | undefined;
  readonly maps: Map<string, AyaMap> = new Map();
  readonly programs: Map<string, AyaProgram> = new Map();
  /** By section and address. */
  readonly functions: Map<string, AyaFunction> = new Map();
  readonly relocations: Map<number, readonly AyaRelocation[]> = new Map();
  readonly symbols: readonly AyaSymbol[];
  readonly sectionSizes: Map<string, number> = new Map();
  readonly symbolOffsets: Map<string, number> = new Map();
  private readonly bySection = new Map<number, AyaSymbol[]>();
  private readonly reader: AyaElf;

  /** Throws an `AyaRefusal`. */
  constructor(elf: ElfView, version: AyaVersion) {
    this.version = version;
    this.elf = elf;
    this.reader = readElf(elf);
    const named = (name: string): AyaSection | undefined => {
      const section = elf.sections.find((one) => one.name === name);
      return section && this.reader.section(section);
    };
    const license = named("license");
    if (license !== undefined) checkLicense(license.data);
    const kernel = named("version");
    if (kernel !== undefined && kernel.data.length !== 4) {
      refuse(versionSize, `invalid kernel version \`${listed(kernel.data)}\``);
    }
    this.symbols = this.reader.symbols(version);
    for (const symbol of this.symbols) this.noteSymbol(symbol);
    this.readBtf(named);
    for (const section of elf.sections.slice(1)) this.readSection(section);
  }

  private noteSymbol(symbol: AyaSymbol): void {
    const { section, name, address } = symbol;
    if (section !== undefined) {
      const others = this.bySection.get(section);
      if (others === undefined) this.bySection.set(section, [symbol]);
      else others.push(symbol);
    }
    if (symbol.isGlobal || symbol.kind === "data") this.symbolOffsets.set(name, address);
  }

  private readBtf(named: (name: string) => AyaSection | undefined): void {
    const btf = named(".BTF");
    if (btf === undefined) return;
    this.sectionSizes.set(".BTF", btf.size);
    this.btf = new AyaBtf(btf.data, this.elf.littleEndian, this.version);
    const ext = named(".BTF.ext");
    if (ext !== undefined) {
      this.sectionSizes.set(".BTF.ext", ext.size);
      this.ext = readExt(ext.data, this.btf);
    }
    if (this.version !== "0.3") {
      this.externs = collectExterns(this.btf, new Set(this.symbols.map(({ name }) => name)));
    }
  }

  private readSection(header: Section): void {
    if (header.name === ".BTF" || header.name === ".BTF.ext") return;
    const section = this.reader.section(header);
    this.sectionSizes.set(section.name, section.size);
    switch (PREFIXES.find(([prefix]) => section.name.startsWith(prefix))?.[1]) {
      case "legacy maps":
        this.readLegacyMaps(section);
        break;
      case "maps":
        this.readMaps(section);
        break;
      case "text":
        this.readText(section);
        break;
      case "bss":
        this.addData(section, 0, section.size > 0);
        break;
      case "data":
        this.addData(section, 0, section.data.length > 0);
        break;
      case "rodata":
        this.addData(section, BPF_F_RDONLY_PROG, section.data.length > 0);
        break;
      case "none":
        break;
      default:
        if (section.isCode) this.readPrograms(section);
    }
  }

  private addData({ name, index, size }: AyaSection, mapFlags: number, hasData: boolean): void {
    const sizes = { keySize: 4, valueSize: size % 2 ** 32, maxEntries: 1 };
    const place = { form: "data", section: index, symbol: undefined, hasData } as const;
    this.maps.set(name, { ...EMPTY, type: BPF_MAP_TYPE_ARRAY, ...sizes, mapFlags, ...place });
  }

  private readLegacyMaps({ name, index, data }: AyaSection): void {
    const symbols = this.bySection.get(index);
    if (symbols === undefined) refuse(mapSymbols, `no symbols found in the ${name} section`);
    for (const symbol of symbols) {
      const { address, size } = symbol;
      if (address + size > data.length) panic(legacyInside, { map: symbol.name });
      if (size < LEGACY) refuse(legacySize, `error parsing map \`${symbol.name}\``, { map: symbol.name });
      const view = new DataView(data.buffer, data.byteOffset + address, size);
      const word = (at: number): number => (at + 4 <= size ? view.getUint32(at, this.elf.littleEndian) : 0);
      const sizes = { keySize: word(4), valueSize: word(8), maxEntries: word(12), mapFlags: word(16) };
      const place = { form: "legacy", section: index, symbol: symbol.index, hasData: false } as const;
      this.maps.set(symbol.name, { ...EMPTY, type: word(0), ...sizes, pinning: word(24), ...place });
    }
  }

  private readMaps({ name, index }: AyaSection): void {
    const { btf } = this;
    if (btf === undefined) refuse(noBtf, "no BTF parsed for object");
    const symbols = this.bySection.get(index);
    if (symbols === undefined) refuse(mapSymbols, `no symbols found in the ${name} section`);
    const byName = new Map(symbols.map((symbol) => [symbol.name, symbol.index]));
    for (const type of btf.types) {
      if (type.kind !== KIND_NUMBER.datasec || btf.string(type.name) !== name) continue;
      for (let at = 0; at < type.rest.length; at += 3) {
        const { name: mapName, map } = definitionOf(btf, type.rest[at] ?? 0);
        const symbol = byName.get(mapName);
        if (symbol === undefined) {
          refuse(mapSymbol, `symbol with name ${mapName} not found in the symbols table`, { map: mapName });
        }
        this.maps.set(mapName, { ...map, form: "btf", section: index, symbol, hasData: false });
      }
    }
  }

  private addFunction(section: AyaSection, symbol: AyaSymbol, address: number, offset: number): AyaFunction {
    const { name, size } = symbol;
    const { data, index } = section;
    if (offset + size > data.length) panic(programInside, { program: name });
    if (size % INSTRUCTION !== 0) refuse(wholeInstructions, "invalid program code", { program: name });
    // Where the program's own information is looked for, in sections that have an address.
    const start = Math.floor((address - section.address) / INSTRUCTION);
    const hasInfo = this.ext?.functions.get(section.name)?.has(start) ?? false;
    const added = { name, section: index, address, offset, code: data.subarray(offset, offset + size), hasInfo };
    this.functions.set(`${index}:${address}`, added);
    return added;
  }

  private keepRelocations(section: AyaSection): void {
    const relocations = this.reader.relocations(section);
    if (relocations.length > 0) this.relocations.set(section.index, relocations);
  }

  private readText(section: AyaSection): void {
    const { index, address: base, data } = section;
    const byAddress = new Map<number, AyaSymbol>();
    for (const symbol of this.bySection.get(index) ?? []) {
      if (!symbol.isDefinition || symbol.kind !== "text") continue;
      const { address } = symbol;
      if (byAddress.has(address)) {
        const place = `0x${address.toString(16).toUpperCase()}`;
        refuse(textConflict, `two or more symbols in section \`${index}\` have the same address ${place}`);
      }
      byAddress.set(address, symbol);
    }
    for (let offset = 0; offset < data.length; ) {
      const address = base + offset;
      const symbol = byAddress.get(address);
      if (symbol === undefined) {
        const place = `0x${address.toString(16).toUpperCase()}`;
        refuse(textSymbol, `unknown symbol in section \`${index}\` at address ${place}`);
      }
      const { name, size } = symbol;
      if (size === 0) refuse(textEmpty, `invalid symbol, index \`${symbol.index}\` name: ${name}`, { program: name });
      this.addFunction(section, symbol, address, offset);
      offset += size;
    }
    this.keepRelocations(section);
  }

  private readPrograms(section: AyaSection): void {
    const { index, name } = section;
    if (!isProgramSection(name, this.version)) refuse(programKind, `invalid program section \`${name}\``);
    const symbols = this.bySection.get(index);
    if (symbols === undefined) refuse(programSymbols, `no symbols found in the ${name} section`);
    for (const symbol of symbols) {
      if (symbol.kind !== "text" || symbol.name === "") continue;
      const { address } = symbol;
      this.programs.set(symbol.name, { section: name, function: this.addFunction(section, symbol, address, address) });
    }
    this.keepRelocations(section);
  }
}

/** Bytes as Rust's `{:?}` writes them. */
function listed(data: Uint8Array): string {
  return `[${data.subarray(0, 256).join(", ")}${data.length > 256 ? "…" : ""}]`;
}

function checkLicense(data: Uint8Array): void {
  const nul = data.indexOf(0);
  if (data.length < 2) refuse(licenseShort, `invalid license \`${listed(data)}\``);
  if (nul < 0) refuse(licenseEnd, `invalid license \`${listed(data)}\`: missing NULL terminator`);
  if (nul < data.length - 1) refuse(licenseShort, `invalid license \`${listed(data)}\``);
}
