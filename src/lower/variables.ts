import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf, DwarfAddress, LinkedDie } from "../dwarf/model.ts";
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
const PIECE_NAME = /\.[0-9]+$/;

/** Symbols by the place that they mark. */
interface SymbolIndex {
  readonly byPlace: ReadonlyMap<string, readonly ElfSymbol[]>;
  readonly byNameAndPlace: ReadonlyMap<string, ElfSymbol>;
  readonly undefinedByName: ReadonlyMap<string, ElfSymbol>;
  /** Whether any symbol has the name of a part. */
  readonly hasPieces: boolean;
}

function indexSymbols(elf: ElfView): SymbolIndex {
  const byPlace = new Map<string, ElfSymbol[]>();
  const byNameAndPlace = new Map<string, ElfSymbol>();
  const undefinedByName = new Map<string, ElfSymbol>();
  let hasPieces = false;
  for (const symbol of elf.symbols) {
    if (symbol.index === 0 || symbol.type === STT_SECTION || symbol.type === STT_FUNC || symbol.name === "") continue;
    if (symbol.section === SHN_UNDEF) {
      if (!undefinedByName.has(symbol.name)) undefinedByName.set(symbol.name, symbol);
      continue;
    }
    hasPieces ||= PIECE_NAME.test(symbol.name);
    const place = placeKey(symbol.section, symbol.value);
    const named = `${place} ${symbol.name}`;
    if (!byNameAndPlace.has(named)) byNameAndPlace.set(named, symbol);
    const others = byPlace.get(place);
    if (others === undefined) byPlace.set(place, [symbol]);
    else if (others.length < MAX_ALIASES) others.push(symbol);
  }
  return { byPlace, byNameAndPlace, undefinedByName, hasPieces };
}

function placeKey(section: number, offset: number): string {
  return `${section}:${offset}`;
}

/**
 * Variables with a place in the object, in DIE order, wherever they stand below a unit (namespaces, functions, blocks, records). Each is
 * joined to its ELF symbol by the relocated address, never by name alone: `#[export_name]`, mangled statics and static locals have
 * other names in DWARF. A static that GlobalOpt has split is several variables, whose parts may not begin with the first. Of several
 * DIEs of one symbol the first counts.
 */
export function* staticVariables(dwarf: Dwarf, elf: ElfView): Generator<StaticVariable> {
  const symbols = indexSymbols(elf);
  const seen = new Set<number>();
  for (const die of symbols.hasPieces ? allVariables(dwarf) : dwarf.linked()) {
    if (dwarf.tag(die.row) !== TAG.variable) continue;
    for (const found of placesOf(dwarf, elf, symbols, die)) {
      if (found.symbol !== undefined) {
        if (seen.has(found.symbol.index)) continue;
        seen.add(found.symbol.index);
      }
      yield found;
    }
  }
}

/** A variable in pieces may have an address in any of them, so none can be left out. */
function* allVariables(dwarf: Dwarf): Generator<LinkedDie> {
  for (const row of dwarf.tagged(TAG.variable)) {
    const declaration = dwarf.flag(row, AT.declaration);
    if (!declaration && !dwarf.has(row, AT.location)) continue;
    yield { row, address: dwarf.staticAddress(row), declaration };
  }
}

function* placesOf(
  dwarf: Dwarf,
  elf: ElfView,
  symbols: SymbolIndex,
  { row, address: first, declaration }: LinkedDie,
): Generator<StaticVariable> {
  const pieces = symbols.hasPieces ? dwarf.pieces(row) : [];
  if (pieces.length === 0 && first === undefined) {
    const extern = declaration ? externAt(dwarf, elf, symbols, row) : undefined;
    if (extern !== undefined) yield extern;
    return;
  }
  for (const address of pieces.length === 0 ? [first] : pieces) {
    const found = address && definedAt(dwarf, elf, symbols, row, address);
    if (found !== undefined) yield found;
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
  if (elf.symbols.length === 0) return undefined;
  const name = textName(dwarf, row);
  const symbol = symbols.undefinedByName.get(linkageNameOf(dwarf, row) ?? name);
  if (symbol === undefined) return undefined;
  return { row, name, type: typeOf(dwarf, row), symbol, section: undefined, offset: 0 };
}
