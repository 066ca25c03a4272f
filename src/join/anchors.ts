import type { BtfExt } from "../btf/ext-model.ts";
import { type Btf, typeById } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { typesOfKind } from "../btf/of-kind.ts";
import { type ElfSymbol, type ElfView, STT_FUNC, STT_SECTION } from "../elf/model.ts";
import type { LoweredBtf, LoweredFunction, LoweredVariable } from "../lower/model.ts";
import { comparableName, type Side } from "./names.ts";

const encoder = new TextEncoder();

/** Where both witnesses name one thing of the ELF file. */
export interface Anchors {
  /** Own VAR id → variable. */
  readonly variables: ReadonlyMap<number, LoweredVariable>;
  /** Own FUNC id → function. */
  readonly functions: ReadonlyMap<number, LoweredFunction>;
}

/** Own VARs by symbol, own FUNCs by the place that `.BTF.ext` gives them. */
export function findAnchors(elf: ElfView, own: Side, ext: BtfExt | undefined, lowered: LoweredBtf): Anchors {
  return {
    variables: variableAnchors(elf, own, lowered),
    functions: ext === undefined ? new Map() : functionAnchors(elf, own, ext, lowered),
  };
}

/** Symbols under several keys, each given out once. */
class SymbolQueues {
  private readonly queues = new Map<string, { readonly symbols: ElfSymbol[]; next: number }>();
  private readonly taken = new Set<number>();

  add(key: string, symbol: ElfSymbol): void {
    const queue = this.queues.get(key);
    if (queue === undefined) this.queues.set(key, { symbols: [symbol], next: 0 });
    else queue.symbols.push(symbol);
  }

  /** First symbol under the first of the keys that has one left. */
  take(keys: readonly string[]): ElfSymbol | undefined {
    for (const key of keys) {
      const queue = this.queues.get(key);
      for (
        let symbol = queue?.symbols[queue.next];
        queue !== undefined && symbol !== undefined;
        symbol = queue.symbols[queue.next]
      ) {
        queue.next++;
        if (this.taken.has(symbol.index)) continue;
        this.taken.add(symbol.index);
        return symbol;
      }
    }
    return undefined;
  }
}

/** Keys for a name at a place, the most telling first. */
function keysOf(name: string, place: VarPlace | undefined): string[] {
  const forms = [`raw ${name}`, `escaped ${comparableName(encoder.encode(name))}`];
  const of = (form: string): string[] =>
    place === undefined
      ? [form]
      : [`${place.offset} in ${place.section}: ${form}`, `in ${place.section}: ${form}`, form];
  return forms.flatMap(of);
}

/** VAR name = symbol name (up to escaping). Statics of one name are told apart by section and offset of their DATASEC entry, then by order. */
function variableAnchors(elf: ElfView, own: Side, lowered: LoweredBtf): Map<number, LoweredVariable> {
  const bySymbol = new Map<number, LoweredVariable>();
  for (const variable of lowered.variables) {
    if (variable.symbol !== undefined) bySymbol.set(variable.symbol, variable);
  }
  const queues = new SymbolQueues();
  for (const symbol of elf.symbols) {
    if (symbol.name === "" || symbol.type === STT_SECTION || symbol.type === STT_FUNC || !bySymbol.has(symbol.index))
      continue;
    const section = elf.sections[symbol.section]?.name ?? "";
    for (const key of keysOf(symbol.name, { section, offset: symbol.value })) queues.add(key, symbol);
  }
  const places = placesOfVars(own.btf());
  const anchors = new Map<number, LoweredVariable>();
  for (const [id, type] of typesOfKind(own.btf(), "var")) {
    const symbol = queues.take(keysOf(nameText(own.btf(), type.nameOff), places.get(id)));
    const variable = symbol === undefined ? undefined : bySymbol.get(symbol.index);
    if (variable !== undefined) anchors.set(id, variable);
  }
  return anchors;
}

interface VarPlace {
  readonly section: string;
  readonly offset: number;
}

function placesOfVars(btf: Btf): Map<number, VarPlace> {
  const places = new Map<number, VarPlace>();
  for (const [, type] of typesOfKind(btf, "datasec")) {
    const section = nameText(btf, type.nameOff);
    for (const { type: id, offset } of type.entries) places.set(id, { section, offset });
  }
  return places;
}

/** func_info says section and offset of a FUNC; of several sections of that name the one where the function has the FUNC's name. */
function functionAnchors(elf: ElfView, own: Side, ext: BtfExt, lowered: LoweredBtf): Map<number, LoweredFunction> {
  const byPlace = new Map<string, LoweredFunction>();
  for (const fn of lowered.functions) {
    const place = `${fn.offset} in ${elf.sections[fn.section]?.name ?? ""}`;
    for (const key of [`${place}: ${comparableName(encoder.encode(fn.name))}`, place]) {
      if (!byPlace.has(key)) byPlace.set(key, fn);
    }
  }
  const anchors = new Map<number, LoweredFunction>();
  const btf = own.btf();
  for (const { secNameOff, records } of ext.funcInfo?.sections ?? []) {
    const section = nameText(btf, secNameOff);
    for (const { insnOff, typeId } of records) {
      const type = typeById(btf, typeId);
      if (type?.kind !== "func" || anchors.has(typeId)) continue;
      const place = `${insnOff} in ${section}`;
      const fn = byPlace.get(`${place}: ${own.name(type.nameOff)}`) ?? byPlace.get(place);
      if (fn !== undefined) anchors.set(typeId, fn);
    }
  }
  return anchors;
}
