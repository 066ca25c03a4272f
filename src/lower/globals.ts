import { LINKAGE_EXTERN, LINKAGE_GLOBAL, LINKAGE_STATIC, type Linkage } from "../btf/model.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { type ElfSymbol, type ElfView, SHN_COMMON, SHN_UNDEF, STB_LOCAL } from "../elf/model.ts";
import { moduleOrder } from "./order.ts";
import { type StaticVariable, staticVariables } from "./variables.ts";

/** A global variable of the module, as BTFDebug::processGlobals sees it. */
export interface Global {
  readonly row: DieRow;
  readonly type: DieRow | undefined;
  /** The symbol that a VAR is named after; undefined where BTFDebug visits the type and makes no VAR (private and common ones). */
  readonly symbol: ElfSymbol | undefined;
  readonly linkage: Linkage;
  /** Name of the section that it is placed in; "" for an extern. */
  readonly section: string;
}

/**
 * The globals with debug info, in the order of the module as far as DWARF and ELF tell: externs and commons first, then the order of
 * `moduleOrder` by DIE. `known` gives the place of a VAR, by name, in an order that is known better.
 */
export function globalsOf(dwarf: Dwarf, elf: ElfView, known: ReadonlyMap<string, number>): readonly Global[] {
  const placeless: StaticVariable[] = [];
  const placed: (StaticVariable & { readonly section: number; readonly hint: number })[] = [];
  for (const variable of staticVariables(dwarf, elf)) {
    const { section } = variable;
    if (section === undefined) placeless.push(variable);
    else placed.push({ ...variable, section, hint: variable.row });
  }
  const globals = [...placeless, ...moduleOrder(placed)].map((variable) => globalOf(elf, variable));
  return inKnownOrder(globals, known);
}

function globalOf(elf: ElfView, { row, type, symbol, section, name }: StaticVariable): Global {
  if (symbol?.section === SHN_COMMON) return { row, type, symbol: undefined, linkage: LINKAGE_STATIC, section: ".bss" };
  const sectionName = section === undefined ? "" : (elf.sections[section]?.name ?? "");
  // A nameless variable is a string literal: private, whatever else lies at its address.
  const own = name === "" ? undefined : symbol;
  return { row, type, symbol: own, linkage: linkageOf(own), section: sectionName };
}

function linkageOf(symbol: ElfSymbol | undefined): Linkage {
  if (symbol === undefined || symbol.binding === STB_LOCAL) return LINKAGE_STATIC;
  return symbol.section === SHN_UNDEF ? LINKAGE_EXTERN : LINKAGE_GLOBAL;
}

/** Globals that the known order names change places among themselves; the others stay where they are. */
function inKnownOrder(globals: readonly Global[], known: ReadonlyMap<string, number>): readonly Global[] {
  const rank = ({ symbol }: Global): number | undefined => (symbol === undefined ? undefined : known.get(symbol.name));
  const named = globals.filter((global) => rank(global) !== undefined);
  const sorted = named.toSorted((a, b) => (rank(a) ?? 0) - (rank(b) ?? 0)).values();
  return globals.map((global) => (rank(global) === undefined ? global : (sorted.next().value ?? global)));
}
