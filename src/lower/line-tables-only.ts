import { LINKAGE_GLOBAL, LINKAGE_STATIC } from "../btf/model.ts";
import { AT } from "../dwarf/constants.ts";
import type { Dwarf } from "../dwarf/model.ts";
import { STB_LOCAL } from "../elf/model.ts";
import type { CodeFunction } from "./code.ts";
import { addEntry, type Lowering } from "./entries.ts";
import { inheritedFlag } from "./functions.ts";
import type { SectionRows } from "./line-info.ts";
import { nameOf } from "./names.ts";
import { placeOf } from "./place.ts";

/** DW_LANG_Mips_Assembler, which LLVM says of any assembler source. */
const ASSEMBLER = 0x8001;
/** Attributes of which debug info with types has at least one: C says of each function that it has a prototype. */
const TYPED = [AT.type, AT.prototyped] as const;

/**
 * Whether debug info is made for lines and no more. `rustc -C debuginfo=1` describes functions without types, `clang -g1` only those that
 * others are inlined into, and these by name alone.
 */
export function isLineTablesOnly(dwarf: Dwarf): boolean {
  // An assembler's lines belong to no function that a compiler described.
  if (dwarf.units.every(({ language }) => language === ASSEMBLER)) return false;
  for (let row = 0; row < dwarf.count; row++) {
    if (TYPED.some((attribute) => dwarf.has(row, attribute))) return false;
  }
  return true;
}

/**
 * Appends FUNC of a function of which only lines are known, and returns its id; undefined if not even these are, since it then has no
 * debug info. BTFDebug::visitSubroutineType leaves such a FUNC without FUNC_PROTO and with a random number as its type (all versions up to
 * 22); it is 0 here. `name` is what the second witness calls it; else it is called like its symbol.
 */
export function addBareFunction(
  lowering: Lowering,
  { subprogram, symbol, offset }: CodeFunction,
  rows: SectionRows,
  name: string | undefined,
): number | undefined {
  if (symbol === undefined || !hasRowAt(rows, offset)) return undefined;
  const { dwarf } = lowering;
  const row = subprogram?.row;
  const isDescribed = row !== undefined && placeOf(dwarf, row) !== undefined;
  const isGlobal = isDescribed ? inheritedFlag(dwarf, row, AT.external) : symbol.binding !== STB_LOCAL;
  const linkage = isGlobal ? LINKAGE_GLOBAL : LINKAGE_STATIC;
  const called = row === undefined ? (name ?? symbol.name) : nameOf(dwarf, row);
  return addEntry(lowering, { entry: "func", row, name: called, type: { id: 0 }, linkage }, undefined);
}

/** Another function's end may lie there too. */
function hasRowAt(rows: SectionRows, offset: number): boolean {
  let index = rows.firstAt(offset);
  for (let row = rows.at(index); row?.offset === offset; row = rows.at(++index)) {
    if (!row.endSequence) return true;
  }
  return false;
}
