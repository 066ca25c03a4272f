import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf, DwarfAddress } from "../dwarf/model.ts";
import { type ElfSymbol, type ElfView, SHN_UNDEF, STT_FUNC, STT_OBJECT, STT_SECTION } from "../elf/model.ts";
import { linkageNameOf } from "./functions.ts";
import { textName, typeOf } from "./names.ts";

/** A static variable, before its type has an id. */
export interface StaticVariable {
  readonly row: DieRow;
  readonly name: string;
  readonly type: DieRow | undefined;
  readonly symbol: ElfSymbol | undefined;
  /** Undefined for an extern. */
  readonly section: number | undefined;
  readonly offset: number;
}

/** How many symbols of one place are searched for a variable that has none of their names. */
const MAX_ALIASES = 64;

/** What GlobalOpt calls the parts of a global that it has split (`SRAGlobal`). */
const PIECE_NAME = /^(.+)\.[0-9]+$/;

/** Symbols by the place that they mark. */
interface SymbolIndex {
  readonly byPlace: ReadonlyMap<string, readonly ElfSymbol[]>;
  readonly byNameAndPlace: ReadonlyMap<string, ElfSymbol>;
  readonly undefinedByName: ReadonlyMap<string, ElfSymbol>;
  /** Symbols called `name.0`, `name.1`…, the first of each by `name`. */
  readonly pieceByName: ReadonlyMap<string, ElfSymbol>;
}

function indexSymbols(elf: ElfView): SymbolIndex {
  const byPlace = new Map<string, ElfSymbol[]>();
  const byNameAndPlace = new Map<string, ElfSymbol>();
  const undefinedByName = new Map<string, ElfSymbol>();
  const pieceByName = new Map<string, ElfSymbol>();
  for (const symbol of elf.symbols) {
    if (symbol.index === 0 || symbol.type === STT_SECTION || symbol.type === STT_FUNC || symbol.name === "") continue;
    if (symbol.section === SHN_UNDEF) {
      if (!undefinedByName.has(symbol.name)) undefinedByName.set(symbol.name, symbol);
      continue;
    }
    const whole = PIECE_NAME.exec(symbol.name)?.[1];
    if (whole !== undefined && !pieceByName.has(whole)) pieceByName.set(whole, symbol);
    const place = placeKey(symbol.section, symbol.value);
    const named = `${place} ${symbol.name}`;
    if (!byNameAndPlace.has(named)) byNameAndPlace.set(named, symbol);
    const others = byPlace.get(place);
    if (others === undefined) byPlace.set(place, [symbol]);
    else if (others.length < MAX_ALIASES) others.push(symbol);
  }
  return { byPlace, byNameAndPlace, undefinedByName, pieceByName };
}

function placeKey(section: number, offset: number): string {
  return `${section}:${offset}`;
}

/**
 * Variables with a place in the object, in DIE order, wherever they stand below a unit (namespaces, functions, blocks, records). Each is
 * joined to its ELF symbol by the relocated address, never by name alone: `#[export_name]`, mangled statics and static locals have
 * other names in DWARF. Only where the first part of a static was optimised away, so that its location begins with no address, the
 * mangled name tells. Of several DIEs of one symbol the first counts.
 */
export function* staticVariables(dwarf: Dwarf, elf: ElfView): Generator<StaticVariable> {
  const symbols = indexSymbols(elf);
  const seen = new Set<number>();
  for (let row = 0; row < dwarf.count; row++) {
    if (dwarf.tag(row) !== TAG.variable) continue;
    const address = dwarf.staticAddress(row);
    const found =
      address === undefined
        ? (externAt(dwarf, elf, symbols, row) ?? pieceAt(dwarf, symbols, row))
        : definedAt(dwarf, elf, symbols, row, address);
    if (found === undefined) continue;
    if (found.symbol !== undefined) {
      if (seen.has(found.symbol.index)) continue;
      seen.add(found.symbol.index);
    }
    yield found;
  }
}

function definedAt(
  dwarf: Dwarf,
  elf: ElfView,
  symbols: SymbolIndex,
  row: DieRow,
  address: DwarfAddress,
): StaticVariable | undefined {
  const { section, offset, undefinedSymbol } = address;
  const name = textName(dwarf, row);
  const type = typeOf(dwarf, row);
  if (undefinedSymbol !== undefined) {
    return { row, name, type, symbol: elf.symbols[undefinedSymbol], section: undefined, offset };
  }
  if (section === undefined) return undefined;
  const symbol = symbolAt(symbols, placeKey(section, offset), name, linkageNameOf(dwarf, row));
  return { row, name, type, symbol, section, offset };
}

/** Of several symbols at one address (zero-sized statics, aliases) the one that is named like the variable. */
function symbolAt(
  symbols: SymbolIndex,
  place: string,
  name: string,
  linkageName: string | undefined,
): ElfSymbol | undefined {
  const candidates = symbols.byPlace.get(place) ?? [];
  return (
    (linkageName === undefined ? undefined : symbols.byNameAndPlace.get(`${place} ${linkageName}`)) ??
    symbols.byNameAndPlace.get(`${place} ${name}`) ??
    candidates.find((symbol) => symbol.name.endsWith(`.${name}`)) ??
    candidates.find((symbol) => symbol.type === STT_OBJECT) ??
    candidates[0]
  );
}

/** A declaration has no address; its undefined symbol bears its name. */
function externAt(dwarf: Dwarf, elf: ElfView, symbols: SymbolIndex, row: DieRow): StaticVariable | undefined {
  if (elf.symbols.length === 0 || !dwarf.flag(row, AT.declaration)) return undefined;
  const name = textName(dwarf, row);
  const symbol = symbols.undefinedByName.get(linkageNameOf(dwarf, row) ?? name);
  if (symbol === undefined) return undefined;
  return { row, name, type: typeOf(dwarf, row), symbol, section: undefined, offset: 0 };
}

/** A static of which only later parts are left: `DW_OP_piece 8, DW_OP_addr …, DW_OP_piece 4`. Its symbol is called `linkage_name.N`. */
function pieceAt(dwarf: Dwarf, symbols: SymbolIndex, row: DieRow): StaticVariable | undefined {
  if (symbols.pieceByName.size === 0 || !dwarf.has(row, AT.location)) return undefined;
  const linkageName = dwarf.linkageName(row);
  const symbol = linkageName === undefined ? undefined : symbols.pieceByName.get(linkageName);
  if (symbol === undefined) return undefined;
  return {
    row,
    name: textName(dwarf, row),
    type: typeOf(dwarf, row),
    symbol,
    section: symbol.section,
    offset: symbol.value,
  };
}
