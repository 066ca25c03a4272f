import type { ElfSymbol } from "../../elf/model.ts";
import { STT_FUNC, STT_OBJECT } from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import type { ReadSection } from "./collect.ts";
import { MAP_TYPE, type MapSpec, numberOf, numberRules } from "./map-spec.ts";
import { ciliumRule, refuse, within } from "./rule.ts";
import { goType, longForm, type Part, sizeOf, type Type, VOID_TYPE } from "./types.ts";

const source = "mapSpecFromBTF";
const keyOnce = ciliumRule("CM-26", "Not both key and key_size are given.", source, "both key and key_size given");
const keyPointer = ciliumRule("CM-27", "A key is a pointer.", source, "key type is not a pointer: T");
const valueOnce = ciliumRule(
  "CM-28",
  "Not both value and value_size are given.",
  source,
  "both value and value_size given",
);
const valuePointer = ciliumRule("CM-29", "A value is a pointer.", source, "value type is not a pointer: T");
const innerPin = ciliumRule("CM-30", "An inner map is not pinned.", source, "inner maps can't be pinned");
const valuesLast = ciliumRule(
  "CM-31",
  "Values are the last member.",
  source,
  "'values' must be the last member in a BTF map definition",
);
const valuesSize = ciliumRule(
  "CM-32",
  "Of a map with values a value has 4 bytes, if it says so.",
  source,
  "value_size must be 0 or 4",
);
const valuesArray = ciliumRule("CM-33", "Values are an array of pointers.", "resolveBTFArrayMacro", [
  "can't resolve type of member 'values': not an array: T",
  "can't resolve type of member 'values': not an array of pointers: T",
]);
const outerKind = ciliumRule(
  "CM-34",
  "Values that are maps stand in an array or hash of maps.",
  source,
  "outer map needs to be an array or a hash of maps",
);
const innerDeep = ciliumRule("CM-35", "An inner map has no inner maps.", source, "nested inner maps are not supported");
const programKind = ciliumRule(
  "CM-36",
  "Values that are functions stand in an array of programs.",
  source,
  "map needs to be a program array",
);
const valuesKind = ciliumRule(
  "CM-37",
  "Values are pointers to maps or to functions.",
  source,
  "unsupported value type \"T\" in 'values' field",
);
const valuesInside = ciliumRule(
  "CM-38",
  "Values begin within the variable.",
  "resolveBTFValuesContents",
  "resolving values contents: member offset N exceeds symbol size M",
);
const sectionAligned = ciliumRule(
  "CM-39",
  "The section of a map with values has an alignment.",
  "resolveBTFValuesContents",
  "resolving values contents: section has no address alignment, can't resolve .values contents",
);
const slotKind = ciliumRule(
  "CM-40",
  "A value is a function or an object.",
  "resolveBTFValuesContents",
  "resolving values contents: unknown relocation type T for symbol V",
);
const fieldKnown = ciliumRule(
  "CM-41",
  "A definition has no other members than those that the library knows (numa_node is none).",
  source,
  "unrecognized field F in BTF map definition",
);

export const definitionRules: readonly LoaderRule[] = [
  ...numberRules,
  keyOnce,
  keyPointer,
  valueOnce,
  valuePointer,
  innerPin,
  valuesLast,
  valuesSize,
  valuesArray,
  outerKind,
  innerDeep,
  programKind,
  valuesKind,
  valuesInside,
  sectionAligned,
  slotKind,
  fieldKnown,
];

const UNSIZED: ReadonlySet<number> = new Set([MAP_TYPE.ringBuffer, MAP_TYPE.arena, MAP_TYPE.perfEventArray]);

/** Where a definition stands. */
export interface Place {
  readonly of: ReadSection;
  readonly symbol: ElfSymbol;
}

interface Draft {
  type: bigint;
  flags: bigint;
  maxEntries: bigint;
  keySize: bigint;
  valueSize: bigint;
  mapExtra: bigint;
  pinning: bigint;
  key: Type | undefined;
  value: Type | undefined;
  inner: MapSpec | undefined;
  contents: ReadonlyMap<number, string>;
}

function pointed({ type }: Part, rule: LoaderRule, what: string): readonly [Type, bigint] {
  if (type.kind !== "Pointer") refuse(rule, `${what} type is not a pointer: ${goType(type)}`);
  const target = type.ref ?? VOID_TYPE;
  return [target, within(`can't get size of BTF ${what}`, () => sizeOf(target))];
}

function readSlots({ of, symbol }: Place, { offset }: Part): ReadonlyMap<number, string> {
  const first = offset >>> 3;
  const size = symbol.size % 2 ** 32;
  if (first > size) refuse(valuesInside, `member offset ${first} exceeds symbol size ${symbol.size}`);
  const { addralign } = of.section;
  if (addralign === 0) refuse(sectionAligned, "section has no address alignment, can't resolve .values contents");
  const start = symbol.value + first;
  const count = Math.floor((symbol.size - first) / addralign);
  const slots = new Map<number, string>();
  for (const [at, target] of [...of.relocations].sort(([a], [b]) => a - b)) {
    const slot = (at - start) / addralign;
    if (slot < 0 || slot >= count || !Number.isInteger(slot)) continue;
    if (target.type !== STT_FUNC && target.type !== STT_OBJECT) {
      const names = ["STT_NOTYPE", "", "", "STT_SECTION", "STT_FILE", "STT_COMMON", "STT_TLS"];
      refuse(slotKind, `unknown relocation type ${names[target.type] ?? "…"} for symbol ${target.name}`);
    }
    slots.set(slot, target.name);
  }
  return slots;
}

function readValues(draft: Draft, member: Part, isLast: boolean, name: string, place: Place, isInner: boolean): void {
  if (!isLast) refuse(valuesLast);
  if (draft.valueSize !== 0n && draft.valueSize !== 4n) refuse(valuesSize);
  draft.valueSize = 4n;
  const prefix = "can't resolve type of member 'values'";
  const { type } = member;
  if (type.kind !== "Array") refuse(valuesArray, `${prefix}: not an array: ${longForm(type)}`);
  if (type.ref?.kind !== "Pointer") refuse(valuesArray, `${prefix}: not an array of pointers: ${longForm(type)}`);
  const target = type.ref?.ref ?? VOID_TYPE;
  const mapType = Number(draft.type & 0xffff_ffffn);
  if (target.kind === "Struct") {
    if (mapType !== MAP_TYPE.arrayOfMaps && mapType !== MAP_TYPE.hashOfMaps) refuse(outerKind);
    if (isInner) refuse(innerDeep);
    draft.inner = within("can't parse BTF map definition of inner map", () =>
      readDefinition(target, `${name}_inner`, place, true),
    );
  } else if (target.kind === "FuncProto") {
    if (mapType !== MAP_TYPE.programArray) refuse(programKind);
  } else refuse(valuesKind, `unsupported value type …`);
  draft.contents = within("resolving values contents", () => readSlots(place, member));
}

function readMember(draft: Draft, member: Part): boolean {
  const number = (prefix: string): bigint => within(prefix, () => numberOf(member));
  switch (member.name) {
    case "type":
      draft.type = number("can't get type");
      return true;
    case "map_flags":
      draft.flags = number("can't get BTF map flags");
      return true;
    case "max_entries":
      draft.maxEntries = number("can't get BTF map max entries");
      return true;
    case "key":
      if (draft.keySize !== 0n) refuse(keyOnce);
      [draft.key, draft.keySize] = pointed(member, keyPointer, "key");
      return true;
    case "value":
      if (draft.valueSize !== 0n) refuse(valueOnce);
      [draft.value, draft.valueSize] = pointed(member, valuePointer, "value");
      return true;
    case "key_size":
      if (draft.key !== undefined || draft.keySize !== 0n) refuse(keyOnce);
      draft.keySize = number("can't get BTF key size");
      return true;
    case "value_size":
      if (draft.value !== undefined || draft.valueSize !== 0n) refuse(valueOnce);
      draft.valueSize = number("can't get BTF value size");
      return true;
    case "map_extra":
      draft.mapExtra = number("resolving map_extra");
      return true;
    default:
      return false;
  }
}

const u32 = (value: bigint): number => Number(BigInt.asUintN(32, value));

/** The map that a definition is. Errors: CM-20 to CM-41. */
export function readDefinition(definition: Type, name: string, place: Place, isInner = false): MapSpec {
  const draft: Draft = {
    type: 0n,
    flags: 0n,
    maxEntries: 0n,
    keySize: 0n,
    valueSize: 0n,
    mapExtra: 0n,
    pinning: 0n,
    key: undefined,
    value: undefined,
    inner: undefined,
    contents: new Map(),
  };
  const last = definition.parts.length - 1;
  for (const [i, member] of definition.parts.entries()) {
    if (readMember(draft, member)) continue;
    if (member.name === "pinning") {
      if (isInner) refuse(innerPin);
      draft.pinning = within("can't get pinning", () => numberOf(member));
    } else if (member.name === "values") readValues(draft, member, i === last, name, place, isInner);
    else refuse(fieldKnown, `unrecognized field ${member.name} in BTF map definition`);
  }
  const type = u32(draft.type);
  return {
    name: name.replace(/[^A-Za-z0-9._]/g, ""),
    type,
    keySize: u32(draft.keySize),
    valueSize: draft.value !== undefined && UNSIZED.has(type) ? 0 : u32(draft.valueSize),
    maxEntries: u32(draft.maxEntries),
    flags: u32(draft.flags),
    mapExtra: draft.mapExtra,
    pinning: u32(draft.pinning),
    key: draft.key,
    value: draft.value,
    inner: draft.inner,
    contents: draft.contents,
  };
}
