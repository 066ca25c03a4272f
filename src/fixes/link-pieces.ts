import type { BtfPart } from "../btf/merge.ts";
import { type Btf, LINKAGE_STATIC, typeById } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { type ElfSymbol, type ElfView, STT_FUNC } from "../elf/model.ts";
import { definedSymbols, sectionNamed } from "../elf/symbols.ts";
import { BtfFixError } from "../errors.ts";

/** What one input of a link has put into a section: bytes `start` up to `end`. */
export interface Piece {
  readonly part: number;
  readonly start: number;
  readonly end: number;
}

/** What the inputs of a link have become. */
export interface Pieces {
  /** The pieces of each section, by its name, as far as types tell of them; in order. */
  readonly bySection: ReadonlyMap<string, readonly Piece[]>;
  /** Whether the linker has moved offsets along: those of BTF are true then, and so are those of code. */
  readonly isMoved: boolean;
}

/** A function or variable of one input: its name, and the offset in the input's own section if that is known. */
interface Item {
  readonly name: string;
  readonly offset: number | undefined;
}

function nameOf(btf: Btf, id: number): string {
  const type = typeById(btf, id);
  return type === undefined || !("nameOff" in type) ? "" : nameText(btf, type.nameOff);
}

/** Functions by code section: func_info knows them all, by place. */
function functions({ btf, ext }: BtfPart): ReadonlyMap<string, readonly Item[]> {
  const sections = ext?.funcInfo?.sections ?? [];
  return new Map(
    sections.map(({ secNameOff, records }) => [
      nameText(btf, secNameOff),
      records.map(({ insnOff, typeId }) => ({ name: nameOf(btf, typeId), offset: insnOff })),
    ]),
  );
}

/** Variables by section. A compiler writes only the offsets of static ones; a linker writes them all. */
function variables({ btf }: BtfPart): ReadonlyMap<string, readonly Item[]> {
  const found = new Map<string, readonly Item[]>();
  for (const type of btf.types) {
    if (type.kind !== "datasec") continue;
    const items = type.entries.map((entry): Item => {
      const variable = typeById(btf, entry.type);
      const isWritten = type.size > 0 || (variable?.kind === "var" && variable.linkage === LINKAGE_STATIC);
      return { name: nameOf(btf, entry.type), offset: isWritten ? entry.offset : undefined };
    });
    found.set(nameText(btf, type.nameOff), items);
  }
  return found;
}

/** Where functions begin so that each of them has a symbol, at the earliest after `from`; several inputs may look alike. */
function codeStart(symbols: readonly ElfSymbol[], items: readonly Item[], from: number): number | undefined {
  const names = new Set(symbols.map(({ name }) => name));
  const first = items[0]?.offset ?? 0;
  const starts = symbols.map(({ value }) => value - first).filter((start) => start >= from);
  return starts
    .sort((a, b) => a - b)
    .find((start) =>
      items.every(({ name, offset }) => {
        const there = symbols.filter(({ value }) => value === start + (offset ?? 0));
        // Rust's symbols are mangled, and FUNCs are not; where a name is a symbol's too, it must be this one's.
        return there.length > 0 && (!names.has(name) || there.some((symbol) => symbol.name === name));
      }),
    );
}

/** Where variables begin, by the first whose offset and symbol are known; 0 if there is none to tell. */
function dataStart(symbols: readonly ElfSymbol[], items: readonly Item[], from: number): number {
  for (const { name, offset } of items) {
    const symbol = symbols.find((candidate) => candidate.name === name && candidate.value >= from + (offset ?? 0));
    if (symbol !== undefined && offset !== undefined) return symbol.value - offset;
  }
  return from;
}

/**
 * Finds the pieces of sections that a linker has put one after the other, from the functions and variables that each input's BTF has
 * there, and their symbols. Error: REFUSED for functions that are nowhere.
 */
export function linkPieces(elf: ElfView, parts: readonly BtfPart[]): Pieces {
  const bySection = new Map<string, Piece[]>();
  let isMoved = false;
  parts.forEach((part, index) => {
    const add = (name: string, items: readonly Item[], isCode: boolean): void => {
      const section = sectionNamed(elf, name);
      if (section === undefined || items.length === 0) return;
      const known = bySection.get(name) ?? [];
      bySection.set(name, known);
      const symbols = definedSymbols(elf, section.index).filter(({ type }) => (type === STT_FUNC) === isCode);
      const from = known.at(-1)?.end ?? 0;
      // An input's first function lies at the start of its section, unless its place is counted in the linked one.
      if (isCode && from > 0 && (items[0]?.offset ?? 0) >= from) isMoved = true;
      const shift = isMoved ? 0 : isCode ? codeStart(symbols, items, from) : dataStart(symbols, items, from);
      if (shift === undefined) refuse(`the functions of input ${index + 1} in ${name} have no symbols`);
      const ends = items.flatMap(({ name: item, offset }) =>
        symbols
          .filter(({ name: symbol, value }) => (offset === undefined ? symbol === item : value === shift + offset))
          .map(({ value, size }) => value + size),
      );
      const start = isMoved ? from : shift;
      known.push({ part: index, start, end: Math.max(start, ...ends) });
    };
    for (const [name, items] of functions(part)) add(name, items, true);
    for (const [name, items] of variables(part)) add(name, items, false);
  });
  return { bySection, isMoved };
}

function refuse(why: string): never {
  throw new BtfFixError("REFUSED", `.BTF holds several blobs, and ${why}`);
}
