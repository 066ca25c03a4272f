import {
  type ElfSymbol,
  type ElfView,
  type Section,
  STT_FILE,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
  STT_SECTION,
} from "./model.ts";

/** Lookups over one view, built on first use and dropped with the view. */
interface ElfIndex {
  readonly byName: ReadonlyMap<string, readonly Section[]>;
  /** Named symbols of each section, in table order. */
  readonly bySection: ReadonlyMap<number, readonly ElfSymbol[]>;
  /** The same in order of their values; of one value in table order. */
  readonly byValue: ReadonlyMap<number, readonly ElfSymbol[]>;
  readonly sectionSymbols: ReadonlyMap<number, ElfSymbol>;
}

const indexes = new WeakMap<ElfView, ElfIndex>();
const NONE: readonly never[] = [];

/** All sections of this name, in index order: an object may have two `.maps`. */
export function sectionsNamed(elf: ElfView, name: string): readonly Section[] {
  return indexOf(elf).byName.get(name) ?? NONE;
}

/** The first section of this name. */
export function sectionNamed(elf: ElfView, name: string): Section | undefined {
  return sectionsNamed(elf, name)[0];
}

/** Symbols defined in a section (by index), in table order, without section and file symbols. */
export function definedSymbols(elf: ElfView, section: number): readonly ElfSymbol[] {
  return indexOf(elf).bySection.get(section) ?? NONE;
}

/** Symbols at exactly this offset of a section, in table order, without section and file symbols. */
export function symbolsAt(elf: ElfView, section: number, value: number): readonly ElfSymbol[] {
  const symbols = indexOf(elf).byValue.get(section) ?? NONE;
  const first = firstWith(symbols, value);
  let end = first;
  while (symbols[end]?.value === value) end++;
  return symbols.slice(first, end);
}

/** The first symbol at exactly this offset of a section; any type but section and file. */
export function symbolAt(elf: ElfView, section: number, value: number): ElfSymbol | undefined {
  return symbolsAt(elf, section, value)[0];
}

/**
 * The variable at this offset: among several STT_OBJECT symbols the one with the first of `preferredNames` that matches, whole or after
 * a dot (LLVM names a function's static `f.NAME`); untyped symbols only where there is no object.
 */
export function objectSymbolAt(
  elf: ElfView,
  section: number,
  offset: number,
  preferredNames: readonly string[] = [],
): ElfSymbol | undefined {
  const there = symbolsAt(elf, section, offset);
  const objects = there.filter((symbol) => symbol.type === STT_OBJECT);
  const candidates = objects.length > 0 ? objects : there.filter((symbol) => symbol.type === STT_NOTYPE);
  for (const name of preferredNames) {
    const match =
      candidates.find((symbol) => symbol.name === name) ??
      candidates.find((symbol) => symbol.name.endsWith(`.${name}`));
    if (match !== undefined) return match;
  }
  return candidates[0];
}

/** The function that starts at this offset (bytes): an STT_FUNC symbol, else an untyped one, else none. */
export function functionSymbolAt(elf: ElfView, section: number, offset: number): ElfSymbol | undefined {
  const there = symbolsAt(elf, section, offset);
  return there.find((symbol) => symbol.type === STT_FUNC) ?? there.find((symbol) => symbol.type === STT_NOTYPE);
}

/** The STT_SECTION symbol of a section, which clang writes only where a relocation needs it. */
export function sectionSymbol(elf: ElfView, section: number): ElfSymbol | undefined {
  return indexOf(elf).sectionSymbols.get(section);
}

/** Index of the first symbol with this value or a greater one, of symbols in order of value. */
function firstWith(symbols: readonly ElfSymbol[], value: number): number {
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((symbols[middle]?.value ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function indexOf(elf: ElfView): ElfIndex {
  let index = indexes.get(elf);
  if (index === undefined) {
    index = buildIndex(elf);
    indexes.set(elf, index);
  }
  return index;
}

function buildIndex(elf: ElfView): ElfIndex {
  const bySection = new Map<number, ElfSymbol[]>();
  const sectionSymbols = new Map<number, ElfSymbol>();
  for (const symbol of elf.symbols) {
    if (symbol.type === STT_SECTION && !sectionSymbols.has(symbol.section)) sectionSymbols.set(symbol.section, symbol);
    if (symbol.type === STT_SECTION || symbol.type === STT_FILE || symbol.index === 0) continue;
    slot(bySection, symbol.section, () => []).push(symbol);
  }
  const byValue = new Map([...bySection].map(([section, all]) => [section, all.toSorted((a, b) => a.value - b.value)]));
  const byName = new Map<string, Section[]>();
  for (const section of elf.sections) if (section.index !== 0) slot(byName, section.name, () => []).push(section);
  return { byName, bySection, byValue, sectionSymbols };
}

function slot<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
