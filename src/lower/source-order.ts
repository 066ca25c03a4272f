import { TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf, LineRow } from "../dwarf/model.ts";
import { type ElfView, SHT_NOBITS, STB_LOCAL } from "../elf/model.ts";
import type { CodeFunction } from "./code.ts";
import { NO_ROWS, type SectionRows } from "./line-info.ts";
import { typeOf } from "./names.ts";
import { placeOf } from "./place.ts";
import { functionFinder, type SourceFunction, sourceFunctions, type Use, type Uses, usesOf } from "./uses.ts";
import type { StaticVariable } from "./variables.ts";

/** DW_LANG_C89, C, C99, C11, C17. */
const C_LANGUAGES: ReadonlySet<number> = new Set([0x01, 0x02, 0x0c, 0x1d, 0x2c]);
/** Sections whose statics need no attribute to get there. */
const PLAIN_SECTION = /^\.(bss|data|rodata)(\.(cst|str)[0-9.]+)?$/;
/** Rows without a line that are looked through. */
const MAX_ROWS = 64;
/** Longest chain of typedefs and qualifiers that is looked through. */
const MAX_CHAIN = 16;
/** Uses on one line that are looked at for assignments; people write a handful. */
const MAX_LINE_USES = 256;
/** Instructions between a variable's address and the store to it. */
const MAX_INSNS = 64;
const INSN_SIZE = 8;
/** Behind all that have one. */
const LAST_COLUMN = Number.MAX_SAFE_INTEGER;
/** BPF_ST and BPF_STX of mode BPF_MEM, whatever the size. */
const STORES: ReadonlySet<number> = new Set([0x62, 0x63]);
const STORE_MASK = 0xe7;

/**
 * Ranks of a C unit's variables in the order in which clang makes them (CodeGenModule): definitions and external functions as the source
 * has them, and whatever a function's body names when it is first named; then tentative definitions and externs; then static functions,
 * which wait until something has named them. Undefined for other languages, whose compilers follow the order of their DIEs.
 */
export function sourceOrder(
  dwarf: Dwarf,
  elf: ElfView,
  variables: readonly StaticVariable[],
  functions: readonly CodeFunction[],
  lines: ReadonlyMap<number, SectionRows>,
): ReadonlyMap<DieRow, number> | undefined {
  if (dwarf.units.length !== 1 || !dwarf.units.every(({ language }) => C_LANGUAGES.has(language))) return undefined;
  const sources = sourceFunctions(dwarf);
  const functionOf = functionFinder(sources);
  const uses = usesOf(dwarf, elf, variables, functions, functionOf);
  for (const variable of variables) {
    // A static of a function is made where it is declared.
    const place =
      variable.section === undefined || isOfUnit(dwarf, variable.row) ? undefined : placeOf(dwarf, variable.row);
    if (place === undefined || variable.name === "") continue;
    functionOf(place)?.uses.push({ line: place.line, column: 0, offset: 0, store: undefined, target: variable });
  }
  for (const code of functions) {
    const rows = lines.get(code.section) ?? NO_ROWS;
    for (const { offset, target } of uses(code.section, code.offset, code.end)) {
      if (target === undefined) continue;
      const at = rowAt(rows, code, offset);
      const own = code.subprogram && placeOf(dwarf, code.subprogram.row);
      const place = at ?? own;
      const owner = place && functionOf(place);
      const line = place?.line ?? 0;
      // Without a column: made early for somebody further on the line.
      const column = place?.column || LAST_COLUMN;
      owner?.uses.push({ line, column, offset, store: at && storeBehind(elf, rows, code, offset, at), target });
      // Inlined code comes from a function that this one names.
      const caller = own && functionOf(own);
      if (owner !== undefined && caller !== undefined && owner !== caller && !owner.external) {
        caller.uses.push({ line: caller.line, column: offset, offset, store: undefined, target: owner });
      }
    }
  }
  return ranksOf(dwarf, elf, variables, sources, uses);
}

function isOfUnit(dwarf: Dwarf, row: DieRow): boolean {
  const parent = dwarf.parent(row);
  return parent === undefined || dwarf.tag(parent) === TAG.compileUnit;
}

/** Offset of the first store of the same line and column that follows the instruction at `offset` soon. */
function storeBehind(
  elf: ElfView,
  rows: SectionRows,
  code: CodeFunction,
  offset: number,
  place: LineRow,
): number | undefined {
  const bytes = elf.sections[code.section]?.bytes ?? new Uint8Array(0);
  const end = Math.min(code.end, bytes.length, offset + MAX_INSNS * INSN_SIZE);
  for (let at = offset + INSN_SIZE; at < end; at += INSN_SIZE) {
    if (!STORES.has((bytes[at] ?? 0) & STORE_MASK)) continue;
    const row = rowAt(rows, code, at);
    if (row?.line === place.line && row.column === place.column) return at;
  }
  return undefined;
}

/** Uses in the order in which clang generates code for them, as far as lines and columns tell. */
function inEvaluationOrder(uses: readonly Use[]): readonly Use[] {
  const leftToRight = uses.toSorted((a, b) => a.line - b.line || a.column - b.column || a.offset - b.offset);
  const ordered: Use[] = [];
  for (let start = 0; start < leftToRight.length; ) {
    let end = start + 1;
    while (leftToRight[end]?.line === leftToRight[start]?.line) end++;
    const line = leftToRight.slice(start, end);
    for (const use of line.length > MAX_LINE_USES ? line : rightSideFirst(line)) ordered.push(use);
    start = end;
  }
  return ordered;
}

/**
 * Uses of one line, given from left to right, but what is assigned to behind all that the right side names. What comes before the store
 * is on the right side; in `a++ + b` nothing is.
 */
function rightSideFirst(line: readonly Use[]): readonly Use[] {
  const ordered: Use[] = [];
  for (const use of line.toReversed()) {
    const { store, column } = use;
    const isRight = (other: Use): boolean => store !== undefined && other.column > column && other.offset < store;
    ordered.splice(ordered.findLastIndex(isRight) + 1, 0, use);
  }
  return ordered;
}

/** The row of an instruction, or the nearest before it that has a line. */
function rowAt(rows: SectionRows, code: CodeFunction, offset: number): LineRow | undefined {
  const last = rows.firstAt(offset + 1) - 1;
  for (let index = last; index > last - MAX_ROWS; index--) {
    const row = rows.at(index);
    if (row === undefined || row.offset < code.offset) return undefined;
    if (row.line !== 0) return row;
  }
  return undefined;
}

function ranksOf(
  dwarf: Dwarf,
  elf: ElfView,
  variables: readonly StaticVariable[],
  sources: readonly SourceFunction[],
  uses: Uses,
): ReadonlyMap<DieRow, number> {
  const definitions = variables.filter(({ section }) => section !== undefined);
  const certain = definitions.filter((variable) => isEager(dwarf, elf, uses, variable));
  // DIEs follow the order of emission, in which tentative definitions come after all others.
  const lastRow = certain.reduce((last, { row }) => Math.max(last, row), 0);
  const isOneOf = (variable: StaticVariable): boolean => isExternal(variable) && variable.row < lastRow;
  const eager = new Set([...certain, ...definitions.filter(isOneOf)]);
  const first = ranksWith(dwarf, variables, sources, uses, eager);
  // In a section, addresses go up in the order of making: what lies before something made early was no tentative definition.
  const early = new Map<number, number>();
  let found = false;
  // Things without a size share an address; none lies before the other.
  const rankOf = ({ row }: StaticVariable): number => first.get(row) ?? 0;
  for (const variable of definitions.toSorted((a, b) => b.offset - a.offset || rankOf(b) - rankOf(a))) {
    const { section = 0 } = variable;
    const rank = rankOf(variable);
    const least = early.get(section) ?? rank;
    early.set(section, Math.min(rank, least));
    if (rank <= least || eager.has(variable) || !isExternal(variable)) continue;
    eager.add(variable);
    found = true;
  }
  return found ? ranksWith(dwarf, variables, sources, uses, eager) : first;
}

function ranksWith(
  dwarf: Dwarf,
  variables: readonly StaticVariable[],
  sources: readonly SourceFunction[],
  uses: Uses,
  eager: ReadonlySet<StaticVariable>,
): ReadonlyMap<DieRow, number> {
  const ranks = new Map<DieRow, number>();
  const waiting: SourceFunction[] = [];
  const named = new Set<SourceFunction>();
  const make = (variable: StaticVariable): void => {
    if (!ranks.has(variable.row)) ranks.set(variable.row, ranks.size);
  };
  const name = (target: StaticVariable | SourceFunction | undefined): void => {
    if (target === undefined) return;
    if (!("uses" in target)) make(target);
    else if (!target.external && !named.has(target)) {
      named.add(target);
      waiting.push(target);
    }
  };
  const body = ({ uses: own }: SourceFunction): void => {
    for (const { target } of inEvaluationOrder(own)) name(target);
  };
  const define = (variable: StaticVariable): void => {
    const { section = 0, offset, symbol } = variable;
    for (const { target } of uses(section, offset, offset + (symbol?.size ?? 0))) name(target);
    make(variable);
  };

  const lineOf = ({ row }: StaticVariable): number => placeOf(dwarf, row)?.line ?? 0;
  const events = [
    ...[...eager].map((variable) => ({ line: lineOf(variable), run: () => define(variable) })),
    ...sources.filter(({ external }) => external).map((source) => ({ line: source.line, run: () => body(source) })),
  ];
  for (const { run } of events.sort((a, b) => a.line - b.line)) run();
  const tentative = variables.filter((variable) => variable.section !== undefined && isExternal(variable));
  for (const variable of tentative.sort((a, b) => lineOf(a) - lineOf(b))) make(variable);
  // For their debug info (CodeGenModule::EmitExternalDeclaration).
  const externs = variables.filter(({ section }) => section === undefined);
  for (const variable of externs.sort((a, b) => lineOf(a) - lineOf(b))) make(variable);
  // What a static function names comes before the next of those that waited with it: the stack's top is the next.
  const stack = waiting.splice(0).reverse();
  for (let source = stack.pop(); source !== undefined; source = stack.pop()) {
    body(source);
    stack.push(...waiting.splice(0).reverse());
  }
  for (const variable of variables) make(variable);
  return ranks;
}

function isExternal({ symbol }: StaticVariable): boolean {
  return symbol !== undefined && symbol.binding !== STB_LOCAL;
}

/**
 * Whether clang makes a variable where the source defines it: external ones with an initializer, and statics that an attribute keeps. A
 * variable of zeros counts as tentative, since nothing tells `int x = 0` from `int x`; but a constant number is seldom left without a
 * value.
 */
function isEager(
  dwarf: Dwarf,
  elf: ElfView,
  uses: Uses,
  { section: index, offset, symbol, type }: StaticVariable,
): boolean {
  const section = elf.sections[index ?? 0];
  if (symbol === undefined || section === undefined) return false;
  if (symbol.binding === STB_LOCAL) return !PLAIN_SECTION.test(section.name);
  if (section.type === SHT_NOBITS) return false;
  const end = offset + symbol.size;
  if (section.bytes.subarray(offset, end).some((byte) => byte !== 0) || isConstantNumber(dwarf, type)) return true;
  return !uses(section.index, offset, end).next().done;
}

function isConstantNumber(dwarf: Dwarf, type: DieRow | undefined): boolean {
  let constant = false;
  let at = type;
  for (let step = 0; at !== undefined && step < MAX_CHAIN; step++) {
    const tag = dwarf.tag(at);
    if (tag === TAG.structureType || tag === TAG.unionType) return false;
    constant ||= tag === TAG.constType;
    at = typeOf(dwarf, at);
  }
  return constant;
}
