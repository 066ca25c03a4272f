import type { BtfExt } from "../btf/ext-model.ts";
import { type Btf, typesWithIds } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
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

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** VAR name = symbol name (up to escaping). Statics of one name are told apart by section and offset of their DATASEC entry, then by order. */
function variableAnchors(elf: ElfView, own: Side, lowered: LoweredBtf): Map<number, LoweredVariable> {
  const bySymbol = new Map<number, LoweredVariable>();
  for (const variable of lowered.variables) {
    if (variable.symbol !== undefined) bySymbol.set(variable.symbol, variable);
  }
  const symbols = new Map<string, ElfSymbol[]>();
  for (const symbol of elf.symbols) {
    if (symbol.name === "" || symbol.type === STT_SECTION || symbol.type === STT_FUNC) continue;
    if (bySymbol.has(symbol.index)) append(symbols, comparableName(encoder.encode(symbol.name)), symbol);
  }
  const places = placesOfVars(own.btf());
  const taken = new Set<number>();
  const anchors = new Map<number, LoweredVariable>();
  for (const [id, type] of typesWithIds(own.btf())) {
    if (type.kind !== "var") continue;
    const candidates = (symbols.get(own.name(type.nameOff)) ?? []).filter((symbol) => !taken.has(symbol.index));
    const symbol = bestCandidate(elf, candidates, nameText(own.btf(), type.nameOff), places.get(id));
    const variable = symbol === undefined ? undefined : bySymbol.get(symbol.index);
    if (symbol === undefined || variable === undefined) continue;
    taken.add(symbol.index);
    anchors.set(id, variable);
  }
  return anchors;
}

interface VarPlace {
  readonly section: string;
  readonly offset: number;
}

function placesOfVars(btf: Btf): Map<number, VarPlace> {
  const places = new Map<number, VarPlace>();
  for (const type of btf.types) {
    if (type.kind !== "datasec") continue;
    const section = nameText(btf, type.nameOff);
    for (const { type: id, offset } of type.entries) places.set(id, { section, offset });
  }
  return places;
}

function bestCandidate(
  elf: ElfView,
  candidates: readonly ElfSymbol[],
  name: string,
  place: VarPlace | undefined,
): ElfSymbol | undefined {
  if (candidates.length < 2) return candidates[0];
  const exact = candidates.filter((symbol) => symbol.name === name);
  const named = exact.length > 0 ? exact : candidates;
  const inSection = named.filter((symbol) => elf.sections[symbol.section]?.name === place?.section);
  return inSection.find((symbol) => symbol.value === place?.offset) ?? inSection[0] ?? named[0];
}

/** func_info says section and offset of a FUNC; of several sections of that name the one where the function has the FUNC's name. */
function functionAnchors(elf: ElfView, own: Side, ext: BtfExt, lowered: LoweredBtf): Map<number, LoweredFunction> {
  const byPlace = new Map<string, LoweredFunction[]>();
  for (const fn of lowered.functions) {
    append(byPlace, `${fn.offset} ${elf.sections[fn.section]?.name ?? ""}`, fn);
  }
  const anchors = new Map<number, LoweredFunction>();
  const btf = own.btf();
  for (const { secNameOff, records } of ext.funcInfo?.sections ?? []) {
    const section = nameText(btf, secNameOff);
    for (const { insnOff, typeId } of records) {
      const type = btf.types[typeId - btf.firstId];
      if (type?.kind !== "func" || anchors.has(typeId)) continue;
      const candidates = byPlace.get(`${insnOff} ${section}`) ?? [];
      const name = own.name(type.nameOff);
      const fn = candidates.find((one) => comparableName(encoder.encode(one.name)) === name) ?? candidates[0];
      if (fn !== undefined) anchors.set(typeId, fn);
    }
  }
  return anchors;
}
