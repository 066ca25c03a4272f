import { LINKAGE_EXTERN, LINKAGE_GLOBAL, LINKAGE_STATIC, type Linkage } from "../btf/model.ts";
import type { DieRow } from "../dwarf/model.ts";
import { type ElfSymbol, type ElfView, SHN_COMMON, SHN_UNDEF, STB_LOCAL } from "../elf/model.ts";
import { moduleOrder } from "./order.ts";
import type { StaticVariable } from "./variables.ts";

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

/** The globals of both passes, each in the order of the module. */
export interface Globals {
  /** What lies in a section whose name begins with `.maps`. */
  readonly maps: readonly Global[];
  readonly others: readonly Global[];
}

/** Place of a global in a known order; undefined if that does not have it. */
export type KnownPlace = (global: Global) => number | undefined;

function isMap({ section }: Global): boolean {
  return section.startsWith(".maps");
}

/**
 * The globals with debug info, in the order of the module as far as DWARF and ELF tell. Certain is what `moduleOrder` says; otherwise a
 * variable stands where `ranks` puts it (`sourceOrder`), or without ranks in the order of DIEs behind externs and commons. `known` gives
 * the place of one in an order that is known better.
 */
export function globalsOf(
  elf: ElfView,
  variables: readonly StaticVariable[],
  ranks: ReadonlyMap<DieRow, number> | undefined,
  known: KnownPlace,
): Globals {
  const placeless: StaticVariable[] = [];
  const placed: (StaticVariable & { readonly section: number; readonly hint: number })[] = [];
  for (const variable of variables) {
    const { section, row } = variable;
    if (section === undefined) placeless.push(variable);
    else placed.push({ ...variable, section, hint: ranks?.get(row) ?? row });
  }
  const ordered: StaticVariable[] = moduleOrder(placed);
  const globals =
    ranks === undefined ? [...placeless, ...ordered] : inserted(ordered, placeless, ({ row }) => ranks.get(row) ?? row);
  const all = globals.map((variable) => globalOf(elf, variable));
  // Maps come in a pass of their own, so their VARs say nothing of the others' order.
  const maps = all.filter(isMap);
  const others = all.filter((global) => !isMap(global));
  return { maps: inKnownOrder(maps, known), others: inKnownOrder(others, known) };
}

/** Both lists in one: each of `added`, in order of rank, before the first of `items` that has a greater rank. */
function inserted<T>(items: readonly T[], added: readonly T[], rank: (item: T) => number): readonly T[] {
  const queue = added.toSorted((a, b) => rank(a) - rank(b));
  const result: T[] = [];
  let next = 0;
  for (const item of items) {
    for (let one = queue[next]; one !== undefined && rank(one) < rank(item); one = queue[++next]) result.push(one);
    result.push(item);
  }
  return [...result, ...queue.slice(next)];
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

/** Globals that the known order names are put into it; any other follows the one that it followed. */
function inKnownOrder(globals: readonly Global[], rank: KnownPlace): readonly Global[] {
  const before: Global[] = [];
  const groups: { readonly rank: number; readonly globals: Global[] }[] = [];
  for (const global of globals) {
    const place = rank(global);
    if (place !== undefined) groups.push({ rank: place, globals: [global] });
    else (groups.at(-1)?.globals ?? before).push(global);
  }
  groups.sort((a, b) => a.rank - b.rank);
  return [...before, ...groups.flatMap((group) => group.globals)];
}
