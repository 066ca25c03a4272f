import type { Btf } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { typesOfKind } from "../btf/of-kind.ts";
import { type ElfSymbol, type ElfView, type Section, STB_LOCAL, STT_NOTYPE, STT_OBJECT } from "../elf/model.ts";
import { definedSymbols } from "../elf/symbols.ts";

/** Where a map's definition lies in the file as it came in, and the symbol that is to name it. */
export interface MapPlace {
  readonly section: number;
  /** First byte and length in the section. */
  readonly offset: number;
  readonly size: number;
  /** Index of the map's own symbol, which moves with the map. */
  readonly symbol: number;
}

/** Names of all VARs: a symbol that one is named after is the variable's own, others are aliases of it. */
function varNames(btf: Btf): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, type] of typesOfKind(btf, "var")) names.add(nameText(btf, type.nameOff));
  return names;
}

/**
 * The variables of a section of maps, in order of place: one for each offset at which symbols of data stand (untyped ones only where there are no others). Of several there, the first
 * that a VAR is named after is the map's own, else a global one, else the first. A symbol of size 0 reaches to the next, or the end.
 */
export function mapPlaces(elf: ElfView, btf: Btf, section: Section): readonly MapPlace[] {
  const names = varNames(btf);
  const rank = ({ name, binding }: ElfSymbol): number => (names.has(name) ? 0 : 2) + (binding === STB_LOCAL ? 1 : 0);
  const starts = new Map<number, ElfSymbol>();
  const there = definedSymbols(elf, section.index);
  const objects = there.filter(({ type }) => type === STT_OBJECT);
  for (const symbol of objects.length > 0 ? objects : there.filter(({ type }) => type === STT_NOTYPE)) {
    const known = starts.get(symbol.value);
    if (known === undefined || rank(symbol) < rank(known)) starts.set(symbol.value, symbol);
  }
  const sorted = [...starts.values()].sort((a, b) => a.value - b.value);
  return sorted.map(({ index, value, size }, i) => {
    const next = sorted[i + 1]?.value ?? Math.max(value, section.size);
    return { section: section.index, offset: value, size: size === 0 ? next - value : size, symbol: index };
  });
}
