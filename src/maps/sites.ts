import { type Btf, typeById } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { typesOfKind } from "../btf/of-kind.ts";
import { type ElfSymbol, type ElfView, STT_SECTION } from "../elf/model.ts";
import { definedSymbols } from "../elf/symbols.ts";
import type { Correspondence } from "../join/model.ts";
import type { LoweredVariable } from "../lower/model.ts";

/** The section of BTF map definitions; libbpf matches the name exactly. */
export const MAPS_SECTION = ".maps";

/** One map of the object, from whichever witness knows it. */
export interface MapSite {
  /** Symbol name, or the VAR's where there is no symbol. */
  readonly name: string;
  readonly symbol: ElfSymbol | undefined;
  /** The VAR in the object's own `.BTF`. */
  readonly varId: number | undefined;
  readonly variable: LoweredVariable | undefined;
}

/** Ids of the VARs listed in every DATASEC `.maps`. */
function mapVars(btf: Btf): number[] {
  const ids: number[] = [];
  for (const [, type] of typesOfKind(btf, "datasec")) {
    if (nameText(btf, type.nameOff) === MAPS_SECTION) {
      for (const entry of type.entries) if (typeById(btf, entry.type)?.kind === "var") ids.push(entry.type);
    }
  }
  return ids;
}

/**
 * The maps of an object: the VARs of DATASEC `.maps` and the variables that DWARF places in a section `.maps`, joined by symbol.
 * In the order of the VARs, then of the variables that only DWARF knows.
 */
export function mapSites(elf: ElfView, btf: Btf, join: Correspondence | undefined): readonly MapSite[] {
  const symbols = new Map<string, ElfSymbol>();
  for (const section of elf.sections) {
    if (section.name !== MAPS_SECTION) continue;
    for (const symbol of definedSymbols(elf, section.index)) {
      if (symbol.type !== STT_SECTION && symbol.name !== "") symbols.set(symbol.name, symbol);
    }
  }
  const bySymbol = new Map<number, LoweredVariable>();
  for (const variable of join?.lowered.variables ?? []) {
    const inMaps = variable.section !== undefined && elf.sections[variable.section]?.name === MAPS_SECTION;
    if (inMaps && variable.symbol !== undefined && !bySymbol.has(variable.symbol))
      bySymbol.set(variable.symbol, variable);
  }
  const sites: MapSite[] = [];
  for (const varId of mapVars(btf)) {
    const type = typeById(btf, varId);
    const name = type === undefined ? "" : nameText(btf, type.nameOff);
    const symbol = symbols.get(name);
    const variable = symbol === undefined ? join?.variable(varId) : bySymbol.get(symbol.index);
    if (symbol !== undefined) bySymbol.delete(symbol.index);
    sites.push({ name, symbol, varId, variable });
  }
  for (const [index, variable] of bySymbol) {
    const symbol = elf.symbols[index];
    sites.push({ name: symbol?.name ?? variable.name, symbol, varId: undefined, variable });
  }
  return sites;
}
