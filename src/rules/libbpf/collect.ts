import {
  type ElfSymbol,
  type ElfView,
  type Section,
  SHF_EXECINSTR,
  SHT_LLVM_ADDRSIG,
  SHT_NOBITS,
  SHT_NULL,
  SHT_PROGBITS,
  SHT_REL,
  SHT_STRTAB,
  STB_LOCAL,
  STT_FUNC,
} from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { EINVAL, ENOENT, ENOTSUP, FORMAT, LibbpfRefusal, libbpfRule } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";

const INSN_SIZE = 8;
const REL_ENTRY = 16;

const collect = "bpf_object__elf_collect";
const symbolTable = libbpfRule(
  "LE-02",
  "There is a symbol table.",
  collect,
  "elf: couldn't find symbol table in …, stripped object file?",
  { errno: ENOENT },
);
const noLegacy = libbpfRule(
  "LE-03",
  "There is no section `maps`.",
  collect,
  "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
  { errno: ENOTSUP },
);
const btfContent = libbpfRule("LE-07", "`.BTF` and `.BTF.ext` are SHT_PROGBITS.", collect, [], { errno: FORMAT });
const relocations = libbpfRule(
  "LE-08",
  "Relocation sections have entries of 16 bytes, and a section that they are for.",
  collect,
  [],
  { errno: FORMAT },
);
const symbolNames = libbpfRule(
  "LE-09",
  "The symbol table has its strings.",
  collect,
  "elf: symbol strings section missing or invalid in …",
  { errno: FORMAT, unreachable: "an object whose symbols have no strings is none that btf-fix reads" },
);
const programInside = libbpfRule(
  "LE-10",
  "Functions lie within their sections.",
  "bpf_object__add_programs",
  "sec 'S': program at offset N crosses section boundary",
  { errno: FORMAT },
);
const programPublic = libbpfRule(
  "LE-11",
  "Functions outside `.text` are public.",
  "bpf_object__add_programs",
  "sec 'S': program 'P' is static and not supported",
  { errno: ENOTSUP },
);
const programWhole = libbpfRule(
  "LE-12",
  "Functions are whole instructions, and not empty.",
  "bpf_object__init_prog",
  "sec 'S': corrupted program 'P', offset N, size M",
  { errno: EINVAL },
);

const license = libbpfRule(
  "LE-13",
  "A section `license` has content.",
  "bpf_object__init_license",
  "invalid license section in …",
  { errno: FORMAT },
);
const kernelVersion = libbpfRule(
  "LE-14",
  "A section `version` has 4 bytes.",
  "bpf_object__init_kversion",
  "invalid kver section in …",
  { errno: FORMAT },
);

export const collectRules: readonly LoaderRule[] = [
  license,
  kernelVersion,
  symbolTable,
  noLegacy,
  btfContent,
  relocations,
  symbolNames,
  programInside,
  programPublic,
  programWhole,
];

/** A function as libbpf keeps it: bytes within its section. */
export interface CollectedProgram {
  readonly name: string;
  readonly section: number;
  readonly offset: number;
  readonly size: number;
}

/** What libbpf takes sections for. */
export type SectionUse = "data" | "structOps" | "relocations";

/** What libbpf found in an object. Where sections share a name, the last counts. */
export interface Collected {
  readonly maps: Section | undefined;
  readonly btf: Section | undefined;
  readonly ext: Section | undefined;
  readonly text: number | undefined;
  readonly arena: number | undefined;
  readonly jumpTables: number | undefined;
  readonly uses: ReadonlyMap<number, SectionUse>;
  /** By section and place. */
  readonly programs: readonly CollectedProgram[];
}

/** Name of the section with this index; "" where there is none. */
export function sectionName(elf: ElfView, index: number): string {
  return elf.sections[index]?.name ?? "";
}

function isDwarf(name: string): boolean {
  return name.startsWith(".debug_");
}

function isIgnored({ name, type }: Section): boolean {
  if (type === SHT_STRTAB || type === SHT_LLVM_ADDRSIG) return true;
  if (isDwarf(name)) return true;
  if (!name.startsWith(".rel")) return false;
  const target = name.slice(4);
  return isDwarf(target) || target === ".BTF" || target === ".BTF.ext";
}

/** `base` alone, or with a dot after it. */
function isOf(name: string, base: string): boolean {
  return name === base || name.startsWith(`${base}.`);
}

/** Sections of struct_ops; 1.1 knows the first alone. */
const STRUCT_OPS: readonly string[] = [".struct_ops", ".struct_ops.link", "?.struct_ops", "?.struct_ops.link"];

function isStructOps(name: string, version: LibbpfVersion): boolean {
  return version === "1.1" ? name === STRUCT_OPS[0] : STRUCT_OPS.includes(name);
}

/** The functions of each section, in the order of the symbol table. */
function functionsOf(elf: ElfView): ReadonlyMap<number, readonly ElfSymbol[]> {
  const found = new Map<number, ElfSymbol[]>();
  for (const symbol of elf.symbols) {
    if (symbol.type !== STT_FUNC) continue;
    const others = found.get(symbol.section);
    if (others === undefined) found.set(symbol.section, [symbol]);
    else others.push(symbol);
  }
  return found;
}

function* programsOf(
  functions: readonly ElfSymbol[],
  { index, name, size }: Section,
  text: number | undefined,
): Generator<CollectedProgram> {
  for (const symbol of functions) {
    const { name: program, value, size: bytes } = symbol;
    if (value + bytes > size) {
      throw new LibbpfRefusal(programInside, `sec '${name}': program at offset ${value} crosses section boundary`, {
        program,
      });
    }
    if (index !== text && symbol.binding === STB_LOCAL) {
      throw new LibbpfRefusal(programPublic, `sec '${name}': program '${program}' is static and not supported`, {
        program,
      });
    }
    if (bytes === 0 || bytes % INSN_SIZE !== 0 || value % INSN_SIZE !== 0) {
      const line = `sec '${name}': corrupted program '${program}', offset ${value}, size ${bytes}`;
      throw new LibbpfRefusal(programWhole, line, { program });
    }
    yield { name: program, section: index, offset: value, size: bytes };
  }
}

/** Whether libbpf follows the relocations of this section. */
function areFollowed(elf: ElfView, { name, info }: Section, version: LibbpfVersion): boolean {
  const isCode = ((elf.sections[info]?.flags ?? 0) & SHF_EXECINSTR) !== 0;
  const target = name.startsWith(".rel") ? name.slice(4) : "";
  return isCode || target === ".maps" || isStructOps(target, version);
}

/** Goes through the sections as libbpf does (`bpf_object__elf_collect`). Throws a `LibbpfRefusal`. */
export function collectSections(elf: ElfView, version: LibbpfVersion): Collected {
  // Of two our own reader takes none.
  if (elf.symtab === undefined) throw new LibbpfRefusal(symbolTable);
  const uses = new Map<number, SectionUse>();
  const programs: CollectedProgram[] = [];
  const functions = functionsOf(elf);
  let [maps, btf, ext]: (Section | undefined)[] = [];
  let [text, arena, jumpTables]: (number | undefined)[] = [];
  for (const section of elf.sections) {
    const { index, name, type, size, flags } = section;
    if (type === SHT_NULL && index === 0) continue;
    if (isIgnored(section)) continue;
    if (name === "license") {
      if (type === SHT_NOBITS || size === 0) throw new LibbpfRefusal(license);
      continue;
    }
    if (name === "version") {
      if (type === SHT_NOBITS || size !== 4) throw new LibbpfRefusal(kernelVersion);
      continue;
    }
    if (name === "maps") throw new LibbpfRefusal(noLegacy);
    if (name === ".maps") maps = section;
    else if (name === ".BTF" || name === ".BTF.ext") {
      if (type !== SHT_PROGBITS) throw new LibbpfRefusal(btfContent);
      if (name === ".BTF") btf = section;
      else ext = section;
    } else if (type === SHT_PROGBITS && size > 0) {
      if ((flags & SHF_EXECINSTR) !== 0) {
        if (name === ".text") text = index;
        for (const program of programsOf(functions.get(index) ?? [], section, text)) programs.push(program);
      } else if (isOf(name, ".data") || isOf(name, ".rodata")) uses.set(index, "data");
      else if (isStructOps(name, version)) uses.set(index, "structOps");
      else if (name === ".addr_space.1" && version !== "1.1") arena = index;
      else if (name === ".jumptables" && version !== "1.1") jumpTables = index;
    } else if (type === SHT_REL) {
      if (section.entsize !== REL_ENTRY || section.info >= elf.sections.length) {
        throw new LibbpfRefusal(relocations);
      }
      if (areFollowed(elf, section, version)) uses.set(index, "relocations");
    } else if (type === SHT_NOBITS && isOf(name, ".bss")) uses.set(index, "data");
  }
  // libbpf's comparison calls the second of two equal ones the smaller, so that aliases end in reverse order.
  programs.reverse().sort((a, b) => a.section - b.section || a.offset - b.offset);
  return { maps, btf, ext, text, arena, jumpTables, uses, programs };
}
