import { KIND_NUMBER } from "../../btf/model.ts";
import type { LoaderRule } from "../loader.ts";
import type { AyaBtf, AyaType } from "./btf.ts";
import { ayaRule, refuseBtf } from "./rule.ts";

const parser = "parse_btf_map_struct";
const UNEXPECTED = "unexpected BTF type id `N`";
const isVariable = ayaRule("AM-01", "An entry of .maps is a variable.", "parse_btf_map_def", UNEXPECTED);
const isStruct = ayaRule(
  "AM-02",
  "A definition is a struct, or a typedef or qualifier of one.",
  "parse_btf_map_def",
  UNEXPECTED,
);
const isNumber = ayaRule(
  "AM-03",
  "A number is a pointer to an array; nothing stands between.",
  "get_map_field",
  UNEXPECTED,
);
const isPointer = ayaRule("AM-04", "`key` and `value` are pointers.", parser, UNEXPECTED);
const isArray = ayaRule("AM-05", "`values` is an array.", parser, UNEXPECTED);
const isEmpty = ayaRule(
  "AM-06",
  "`values` has no elements of its own.",
  parser,
  "BTF map `M`: `values` spec is not a zero-sized array",
);
const isPointers = ayaRule("AM-07", "`values` is an array of pointers.", parser, UNEXPECTED);
const isInner = ayaRule("AM-08", "`values` points to the definition of a map.", parser, UNEXPECTED);
const innerPinned = ayaRule(
  "AM-09",
  "An inner map is not pinned.",
  parser,
  "BTF map `M`: inner map definition cannot be pinned",
);
const twoLevels = ayaRule(
  "AM-10",
  "An inner map holds no maps.",
  parser,
  "BTF map `M`: multi-level map-in-map is not supported",
);

export const definitionRules: readonly LoaderRule[] = [
  isVariable,
  isStruct,
  isNumber,
  isPointer,
  isArray,
  isEmpty,
  isPointers,
  isInner,
  innerPinned,
  twoLevels,
];

/** A map as aya takes it from its definition; what it does not find is 0. Sizes are in bytes. */
export interface AyaDefinition {
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  mapFlags: number;
  mapExtra: number;
  /** 1: by its name. */
  pinning: number;
  keyType: number;
  valueType: number;
  inner: AyaDefinition | undefined;
}

const NUMBERS: ReadonlyMap<string, "type" | "keySize" | "valueSize" | "maxEntries" | "mapFlags" | "mapExtra"> = new Map(
  [
    ["type", "type"],
    ["key_size", "keySize"],
    ["value_size", "valueSize"],
    ["max_entries", "maxEntries"],
    ["map_flags", "mapFlags"],
    ["map_extra", "mapExtra"],
  ] as const,
);

function unexpected(rule: typeof isNumber, btf: AyaBtf, type: AyaType, map: string): never {
  return refuseBtf(rule, `unexpected BTF type id \`${btf.referred(type)}\``, { map });
}

function numberOf(btf: AyaBtf, typeId: number, map: string): number {
  const pointer = btf.type(typeId);
  if (pointer.kind !== KIND_NUMBER.ptr) unexpected(isNumber, btf, pointer, map);
  const array = btf.type(pointer.word);
  if (array.kind !== KIND_NUMBER.array) unexpected(isNumber, btf, array, map);
  return array.rest[2] ?? 0;
}

function innerOf(btf: AyaBtf, typeId: number, map: string): AyaDefinition {
  const array = btf.type(typeId);
  if (array.kind !== KIND_NUMBER.array) unexpected(isArray, btf, array, map);
  if (array.rest[2] !== 0) refuseBtf(isEmpty, `BTF map \`${map}\`: \`values\` spec is not a zero-sized array`, { map });
  const pointer = btf.type(btf.resolve(array.rest[0] ?? 0));
  if (pointer.kind !== KIND_NUMBER.ptr) unexpected(isPointers, btf, pointer, map);
  const inner = btf.type(btf.resolve(pointer.word));
  if (inner.kind !== KIND_NUMBER.struct) unexpected(isInner, btf, inner, map);
  return structOf(btf, inner, map, true);
}

/** Definitions that were read, by their struct: many variables may be of one type. */
const outerMaps = new WeakMap<AyaType, AyaDefinition>();
const innerMaps = new WeakMap<AyaType, AyaDefinition>();

function structOf(btf: AyaBtf, struct: AyaType, map: string, isInnerMap: boolean): AyaDefinition {
  const known = isInnerMap ? innerMaps : outerMaps;
  const found = known.get(struct) ?? readStruct(btf, struct, map, isInnerMap);
  known.set(struct, found);
  return found;
}

function readStruct(btf: AyaBtf, { rest }: AyaType, map: string, isInnerMap: boolean): AyaDefinition {
  const found: AyaDefinition = {
    ...{ type: 0, keySize: 0, valueSize: 0, maxEntries: 0, mapFlags: 0, mapExtra: 0, pinning: 0 },
    ...{ keyType: 0, valueType: 0, inner: undefined },
  };
  for (let at = 0; at < rest.length; at += 3) {
    const name = btf.string(rest[at] ?? 0);
    const typeId = rest[at + 1] ?? 0;
    const number = NUMBERS.get(name);
    if (number !== undefined) found[number] = numberOf(btf, typeId, map);
    else if (name === "key" || name === "value") {
      const pointer = btf.type(typeId);
      if (pointer.kind !== KIND_NUMBER.ptr) refuseBtf(isPointer, `unexpected BTF type id \`${typeId}\``, { map });
      const size = btf.size(pointer.word);
      if (name === "key") [found.keySize, found.keyType] = [size, pointer.word];
      else [found.valueSize, found.valueType] = [size, pointer.word];
    } else if (name === "pinning") {
      if (isInnerMap) refuseBtf(innerPinned, `BTF map \`${map}\`: inner map definition cannot be pinned`, { map });
      found.pinning = numberOf(btf, typeId, map) === 1 ? 1 : 0;
    } else if (name === "values") {
      if (isInnerMap) refuseBtf(twoLevels, `BTF map \`${map}\`: multi-level map-in-map is not supported`, { map });
      found.inner = innerOf(btf, typeId, map);
      found.valueSize = 4;
    }
  }
  return found;
}

/** The map that an entry of a DATASEC defines. Throws an `AyaRefusal`. */
export function definitionOf(btf: AyaBtf, variableId: number): { readonly name: string; readonly map: AyaDefinition } {
  const variable = btf.type(variableId);
  if (variable.kind !== KIND_NUMBER.var) {
    refuseBtf(isVariable, `unexpected BTF type id \`${btf.referred(variable)}\``, { typeId: variableId });
  }
  const name = btf.string(variable.name);
  const definition = btf.type(btf.resolve(variable.word));
  if (definition.kind !== KIND_NUMBER.struct) unexpected(isStruct, btf, definition, name);
  return { name, map: structOf(btf, definition, name, false) };
}
