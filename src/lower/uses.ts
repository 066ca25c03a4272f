import { AT, TAG } from "../dwarf/constants.ts";
import type { Dwarf, DwarfUnit, SourcePlace } from "../dwarf/model.ts";
import { type ElfView, R_BPF_64_32, R_BPF_64_ABS64, SHF_EXECINSTR, SHN_UNDEF } from "../elf/model.ts";
import { relocationsOf } from "../elf/relocations.ts";
import type { CodeFunction } from "./code.ts";
import { inheritedFlag } from "./functions.ts";
import { between, lastAt } from "./order.ts";
import { placeOf } from "./place.ts";
import type { StaticVariable } from "./variables.ts";

const INSN_SIZE = 8;
/** From an instruction to its immediate; both in bytes. */
const INSN_IMMEDIATE = 4;

/** A function as the source has it, with code of its own or only inlined. */
export interface SourceFunction {
  readonly file: string;
  readonly line: number;
  readonly external: boolean;
  readonly uses: Use[];
}

/** A place in the source that names a variable or a function. */
export interface Use {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  /** Offset of the store that this column names, if it names one: the operator of an assignment. */
  readonly store: number | undefined;
  readonly target: StaticVariable | SourceFunction;
}

/** Functions by file and line; an inlined one and its instances are one. */
export function sourceFunctions(dwarf: Dwarf): readonly SourceFunction[] {
  const found = new Map<string, SourceFunction>();
  for (const source of functionsIn(dwarf, undefined)) {
    const key = `${source.line} ${source.file}`;
    if (!found.has(key)) found.set(key, source);
  }
  return [...found.values()].sort((a, b) => a.line - b.line);
}

/** The functions of a unit, or of all, that have a place; one a DIE. */
function* functionsIn(dwarf: Dwarf, unit: DwarfUnit | undefined): Generator<SourceFunction> {
  for (const row of dwarf.tagged(TAG.subprogram, unit)) {
    if (dwarf.flag(row, AT.declaration)) continue;
    const place = placeOf(dwarf, row);
    if (place === undefined) continue;
    yield { file: place.file, line: place.line, external: inheritedFlag(dwarf, row, AT.external), uses: [] };
  }
}

/** Finds a function by a place in its text. */
export type FunctionFinder = (place: SourcePlace) => SourceFunction | undefined;

/** Finds the function whose text a place lies in: the last one that begins before it, in the same file. */
export function functionFinder(sources: readonly SourceFunction[]): FunctionFinder {
  const byFile = new Map<string, { readonly offset: number; readonly source: SourceFunction }[]>();
  for (const source of sources) {
    const others = byFile.get(source.file) ?? [];
    byFile.set(source.file, others);
    others.push({ offset: source.line, source });
  }
  return ({ file, line }) => lastAt(byFile.get(file) ?? [], line)?.source;
}

/**
 * The same, reading only units that can have a function in the file: those whose line programs name it. A large program has hundreds, and
 * most files are the business of one.
 */
export function functionFinderByUnit(dwarf: Dwarf): FunctionFinder {
  const byFile = new Map<string, Map<number, SourceFunction>>();
  const finders = new Map<string, FunctionFinder>();
  const isRead = new Set<DwarfUnit>();
  let unitsOf: ReadonlyMap<string, readonly DwarfUnit[]> | undefined;
  const collect = (unit: DwarfUnit): void => {
    if (isRead.has(unit)) return;
    isRead.add(unit);
    for (const source of functionsIn(dwarf, unit)) {
      const others = byFile.get(source.file) ?? new Map();
      if (!others.has(source.line)) others.set(source.line, source);
      byFile.set(source.file, others);
    }
  };
  const finderFor = (file: string): FunctionFinder => {
    unitsOf ??= unitsByFile(dwarf);
    for (const unit of unitsOf.get(file) ?? []) collect(unit);
    return functionFinder([...(byFile.get(file)?.values() ?? [])].sort((a, b) => a.line - b.line));
  };
  return (place) => {
    const finder = finders.get(place.file) ?? finderFor(place.file);
    finders.set(place.file, finder);
    return finder(place);
  };
}

function unitsByFile(dwarf: Dwarf): ReadonlyMap<string, readonly DwarfUnit[]> {
  const units = new Map<string, DwarfUnit[]>();
  for (const unit of dwarf.units) {
    for (const file of new Set(dwarf.files(unit))) {
      const others = units.get(file);
      if (others === undefined) units.set(file, [unit]);
      else others.push(unit);
    }
  }
  return units;
}

/** A relocation and what it refers to, if that is a variable or a function of this module. */
interface Reference {
  readonly offset: number;
  readonly target: StaticVariable | SourceFunction | undefined;
}

/** References of a section from one offset to another, in bytes. */
export type Uses = (section: number, from: number, end: number) => Generator<Reference>;

/** What relocations refer to: by symbol, or by section symbol and the addend in place. */
export function usesOf(
  dwarf: Dwarf,
  elf: ElfView,
  variables: readonly StaticVariable[],
  functions: readonly CodeFunction[],
  functionOf: FunctionFinder,
): Uses {
  const { placed, external } = bySymbol(variables);
  const code = new Map(functions.map((entry) => [`${entry.section}:${entry.offset}`, entry]));
  const relocations = new Map<number, ReturnType<typeof relocationsOf>>();
  const at = (section: number, place: number): Reference["target"] => {
    const callee = code.get(`${section}:${place}`)?.subprogram;
    const source = callee && placeOf(dwarf, callee.row);
    return (source && functionOf(source)) ?? lastAt(placed.get(section) ?? [], place);
  };

  return function* uses(section, from, end) {
    const content = elf.sections[section];
    if (content === undefined) return;
    const isCode = (content.flags & SHF_EXECINSTR) !== 0;
    const all = relocations.get(section) ?? [...relocationsOf(elf, section)].sort((a, b) => a.offset - b.offset);
    relocations.set(section, all);
    for (const { offset, symbol: index, type } of between(all, from, end)) {
      const symbol = elf.symbols[index];
      if (symbol === undefined || symbol.section === SHN_UNDEF) {
        yield { offset, target: external.get(index) };
        continue;
      }
      const stored = wordAt(elf, content.bytes, offset + wordWithin(elf, isCode, type));
      // A call counts instructions from the next one.
      const addend = isCode && type === R_BPF_64_32 ? (stored + 1) * INSN_SIZE : stored;
      yield { offset, target: at(symbol.section, symbol.value + addend) };
    }
  };
}

interface VariableIndex {
  /** By section, in order of offset. */
  readonly placed: ReadonlyMap<number, readonly StaticVariable[]>;
  /** By symbol, for what is defined elsewhere. */
  readonly external: ReadonlyMap<number, StaticVariable>;
}

function bySymbol(variables: readonly StaticVariable[]): VariableIndex {
  const placed = new Map<number, StaticVariable[]>();
  const external = new Map<number, StaticVariable>();
  for (const variable of variables) {
    const { section, symbol } = variable;
    if (section !== undefined) {
      const others = placed.get(section) ?? [];
      placed.set(section, others);
      others.push(variable);
    } else if (symbol !== undefined) {
      external.set(symbol.index, variable);
    }
  }
  for (const list of placed.values()) list.sort((a, b) => a.offset - b.offset);
  return { placed, external };
}

/** From what a relocation names to the word that holds its addend. */
function wordWithin(elf: ElfView, isCode: boolean, type: number): number {
  if (isCode) return INSN_IMMEDIATE;
  // The low half of a pointer.
  return type === R_BPF_64_ABS64 && !elf.littleEndian ? 4 : 0;
}

function wordAt(elf: ElfView, bytes: Uint8Array, offset: number): number {
  if (offset + 4 > bytes.length) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(offset, elf.littleEndian);
}
