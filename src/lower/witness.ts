import type { BtfExt, CoreRelo } from "../btf/ext-model.ts";
import { type Btf, type BtfFunc, type BtfFuncProto, LINKAGE_EXTERN, typeById, typesWithIds } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";

/**
 * The second witness: the `.BTF` and `.BTF.ext` that the object has already. Each function of this file takes one fact from it that
 * DWARF and ELF have lost, and nothing else is ever taken. Facts are asked for by name or by place, so no id of the old blob matters.
 */
export interface Witness {
  readonly btf: Btf;
  readonly ext: BtfExt | undefined;
}

/** The facts of this file by name. */
export const FACTS = [
  "core-roots",
  "variable-order",
  "extern-section",
  "extern-prototype",
  "prototype",
  "repeated-lines",
  "function-name",
] as const;
export type FactName = (typeof FACTS)[number];

/** A prototype that the witness states, with the tags on its parameters (component ≥ 0) and on the function (-1). */
export interface WitnessedPrototype {
  readonly proto: BtfFuncProto;
  readonly tags: readonly { readonly component: number; readonly tag: string }[];
}

/** Bytes from the start of a code section. */
interface Place {
  readonly offset: number;
}

function byOffset(a: Place, b: Place): number {
  return a.offset - b.offset;
}

/** A CO-RE record and its place. */
export interface CoreRoot extends Place {
  readonly record: CoreRelo;
}

/** Fact 1: which types are roots only because an instruction relocates by them. Records by name of the code section, then by place. */
export function coreRoots({ btf, ext }: Witness): ReadonlyMap<string, readonly CoreRoot[]> {
  const roots = new Map<string, readonly CoreRoot[]>();
  for (const { secNameOff, records } of ext?.coreRelo?.sections ?? []) {
    const name = nameText(btf, secNameOff);
    const placed = records.map((record) => ({ offset: record.insnOff, record }));
    roots.set(name, [...(roots.get(name) ?? []), ...placed].sort(byOffset));
  }
  return roots;
}

/** Fact 2: the order of VARs, externs among them. Place in that order by name. */
export function variableOrder({ btf }: Witness): ReadonlyMap<string, number> {
  const order = new Map<string, number>();
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind === "var") order.set(nameText(btf, type.nameOff), id);
  }
  return order;
}

/** The other half of fact 2: where string literals stand among VARs. They have none, but the first of each length has left its type. */
export function literalOrder({ btf }: Witness): ReadonlyMap<string, number> {
  const order = new Map<string, number>();
  for (const [id, type] of typesWithIds(btf)) {
    const element = type.kind === "array" ? typeById(btf, type.type) : undefined;
    if (type.kind !== "array" || element?.kind !== "int") continue;
    const key = literalKey(nameText(btf, element.nameOff), type.nelems);
    if (!order.has(key)) order.set(key, id);
  }
  return order;
}

/** The key of `literalOrder`. */
export function literalKey(element: string, length: number): string {
  return `${length} ${element}`;
}

/** Fact 3: the section that an extern asks for (`.ksyms`, `.kconfig`). By name of the VAR or FUNC. */
export function externSections({ btf }: Witness): ReadonlyMap<string, string> {
  const sections = new Map<string, string>();
  for (const type of btf.types) {
    if (type.kind !== "datasec") continue;
    for (const entry of type.entries) {
      const item = typeById(btf, entry.type);
      if ((item?.kind !== "var" && item?.kind !== "func") || item.linkage !== LINKAGE_EXTERN) continue;
      sections.set(nameText(btf, item.nameOff), nameText(btf, type.nameOff));
    }
  }
  return sections;
}

/** Fact 4: the prototype of an extern function that has no declaration DIE, and the tags of any. By name, in the witness's order. */
export function externPrototypes({ btf }: Witness): ReadonlyMap<string, WitnessedPrototype> {
  const found = new Map<string, WitnessedPrototype>();
  const tags = tagsByOwner(btf);
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind !== "func" || type.linkage !== LINKAGE_EXTERN) continue;
    const proto = typeById(btf, type.type);
    if (proto?.kind === "funcProto") found.set(nameText(btf, type.nameOff), { proto, tags: tags.get(id) ?? [] });
  }
  return found;
}

function tagsByOwner(btf: Btf): ReadonlyMap<number, WitnessedPrototype["tags"]> {
  const tags = new Map<number, WitnessedPrototype["tags"][number][]>();
  for (const type of btf.types) {
    if (type.kind !== "declTag") continue;
    const tag = { component: type.component, tag: nameText(btf, type.nameOff) };
    const others = tags.get(type.type);
    if (others === undefined) tags.set(type.type, [tag]);
    else others.push(tag);
  }
  return tags;
}

/** Fact 5: the prototype of a function, of which DWARF may list fewer parameters or other types. By code section and place, as func_info says. */
export function prototypes(witness: Witness): ReadonlyMap<string, BtfFuncProto> {
  const found = new Map<string, BtfFuncProto>();
  for (const [place, func] of functionsByPlace(witness)) {
    const proto = typeById(witness.btf, func.type);
    if (proto?.kind === "funcProto") found.set(place, proto);
  }
  return found;
}

/** Fact 7: the name of a function, of which line tables alone keep none. By code section and place. */
export function functionNames(witness: Witness): ReadonlyMap<string, string> {
  return new Map([...functionsByPlace(witness)].map(([place, { nameOff }]) => [place, nameText(witness.btf, nameOff)]));
}

function* functionsByPlace({ btf, ext }: Witness): Generator<readonly [place: string, func: BtfFunc]> {
  for (const { secNameOff, records } of ext?.funcInfo?.sections ?? []) {
    const section = nameText(btf, secNameOff);
    for (const { insnOff, typeId } of records) {
      const func = typeById(btf, typeId);
      if (func?.kind === "func") yield [codePlace(section, insnOff), func];
    }
  }
}

/** The key of `prototypes` and `functionNames`: `offset` in bytes from the section's start. */
export function codePlace(section: string, offset: number): string {
  return `${offset} ${section}`;
}

/**
 * Fact 6: where line_info repeats the place of the record before. clang gives the instructions of one statement different atoms (key
 * instructions, LLVM 22); to BTFDebug these are different locations, while the line table joins them. By code section, in order.
 */
export function repeatedLines({ btf, ext }: Witness): ReadonlyMap<string, readonly Place[]> {
  const repeats = new Map<string, readonly Place[]>();
  for (const { secNameOff, records } of ext?.lineInfo?.sections ?? []) {
    const offsets = records.flatMap(({ insnOff, fileNameOff, lineCol }, index) => {
      const before = records[index - 1];
      return before?.fileNameOff === fileNameOff && before.lineCol === lineCol ? [{ offset: insnOff }] : [];
    });
    repeats.set(nameText(btf, secNameOff), offsets.sort(byOffset));
  }
  return repeats;
}
