import { type Btf, typeById } from "../btf/model.ts";
import { sizeOf, skipModifiers } from "../btf/walk.ts";
import type { DieRow } from "../dwarf/model.ts";
import { parameterLayers, type TypeParameter, trieKeyRow } from "../join/legacy-parameters.ts";
import type { LoweredBtf, LoweredVariable } from "../lower/model.ts";
import { mapKind } from "./kinds.ts";
import type { LegacyMap } from "./legacy-definition.ts";
import { type LegacyRole, legacyRoles } from "./legacy-kinds.ts";
import { typeText } from "./text.ts";

/**
 * How the key or value of a converted map is written: as a lowered type, an unsigned INT, an LPM key around lowered data, a struct around
 * a lowered array of arrays, the kernel's `bpf_cgroup_storage_key`, its size alone, or not at all.
 */
export type LegacyType =
  | { readonly how: "type"; readonly loweredId: number }
  | { readonly how: "int"; readonly size: number }
  | { readonly how: "trie"; readonly name: string; readonly loweredId: number; readonly size: number }
  | { readonly how: "arrays"; readonly name: string; readonly loweredId: number; readonly size: number }
  | { readonly how: "cgroup" }
  | { readonly how: "size"; readonly size: number }
  | { readonly how: "none" };

/** What a legacy map becomes. */
export interface LegacyPlan {
  readonly key: LegacyType;
  readonly value: LegacyType;
  /** For people: the types as the source has them, or the sizes. */
  readonly keyText: string;
  readonly valueText: string;
  /** Where a type of the wrapper and a size of the definition disagree: "its K is Flow (8 bytes) but key_size is 4". */
  readonly conflicts: readonly string[];
}

/** sizeof(struct bpf_cgroup_storage_key), and of the inode number that may stand for it (include/uapi/linux/bpf.h). */
const CGROUP_KEY = 16;
const CGROUP_INODE = 8;
/** The member of the struct around an array of arrays. */
export const NESTED_MEMBER = "elements";
/** Bytes of an LPM key before its data: `__u32 prefixlen`. */
const PREFIX = 4;

/** One of the two, before both are looked at together. */
interface Judged {
  readonly type: LegacyType;
  readonly text: string;
  readonly conflict?: string;
}

/** A role of the map with what the definition and the wrapper say of it. */
interface Question {
  readonly role: LegacyRole;
  readonly field: "key_size" | "value_size";
  readonly size: number;
  readonly parameter: TypeParameter | undefined;
}

/**
 * Chooses the types of a legacy map: the numbers are the definition's, the types those parameters of the wrapper whose sizes agree. A
 * kind that takes both type ids gets both types or none, since the kernel refuses one alone (`map_check_btf`).
 */
export function planLegacyMap(
  { definition }: LegacyMap,
  lowered: LoweredBtf | undefined,
  variable: LoweredVariable | undefined,
): LegacyPlan {
  const { keySize, valueSize } = definition;
  const roles = legacyRoles(definition.type);
  const layers = layersOf(lowered, variable);
  const fits = (key: TypeParameter | undefined, value: TypeParameter | undefined): readonly [Judged, Judged] => [
    judge(lowered, { role: roles.key, field: "key_size", size: keySize, parameter: key }),
    judge(lowered, { role: roles.value, field: "value_size", size: valueSize, parameter: value }),
  ];
  const choices = layers
    .map((layer) => parametersFor(roles.key, roles.value, layer))
    .filter((choice) => choice !== undefined)
    .map(([key, value]) => fits(key, value));
  const isWhole = (pair: readonly [Judged, Judged]): boolean => pair.every(({ conflict }) => conflict === undefined);
  const [key, value] = choices.find(isWhole) ?? choices[0] ?? fits(undefined, undefined);
  const conflicts = [key, value].flatMap(({ conflict }) => (conflict === undefined ? [] : [conflict]));
  const isHalf = (key.type.how === "size") !== (value.type.how === "size");
  if (isHalf && mapKind(definition.type).ids === "both") {
    const [plainKey, plainValue] = [sized(keySize), sized(valueSize)];
    return {
      key: plainKey.type,
      value: plainValue.type,
      keyText: plainKey.text,
      valueText: plainValue.text,
      conflicts,
    };
  }
  return { key: key.type, value: value.type, keyText: key.text, valueText: value.text, conflicts };
}

function layersOf(
  lowered: LoweredBtf | undefined,
  variable: LoweredVariable | undefined,
): readonly (readonly TypeParameter[])[] {
  if (lowered === undefined || variable === undefined) return [];
  const row: DieRow | undefined = lowered.dwarf.type(variable.row) ?? lowered.rowOf(variable.typeId);
  return row === undefined ? [] : parameterLayers(lowered.dwarf, row);
}

function isOpen(role: LegacyRole): boolean {
  return role === "parameter" || role === "trie";
}

/** The parameters of one layer that stand for key and value: by name where they are called so, else by their order. */
function parametersFor(
  key: LegacyRole,
  value: LegacyRole,
  layer: readonly TypeParameter[],
): readonly [TypeParameter | undefined, TypeParameter | undefined] | undefined {
  const wanted = Number(isOpen(key)) + Number(isOpen(value));
  if (layer.length < wanted) return undefined;
  const named = (name: string): TypeParameter | undefined => layer.find((parameter) => parameter.name === name);
  const forKey = isOpen(key) ? (named("K") ?? layer[0]) : undefined;
  const rest = layer.filter((parameter) => parameter !== forKey);
  const forValue = isOpen(value) ? (named("V") ?? (wanted === 2 ? rest[0] : rest.at(-1))) : undefined;
  return [forKey, forValue];
}

/** "1 byte", "8 bytes". */
export function bytesText(size: number): string {
  return size === 1 ? "1 byte" : `${size} bytes`;
}

function sized(size: number): Judged {
  return size === 0 ? { type: { how: "none" }, text: "none" } : { type: { how: "size", size }, text: bytesText(size) };
}

function judge(lowered: LoweredBtf | undefined, question: Question): Judged {
  const { role, size, parameter } = question;
  switch (role) {
    case "number":
      return isInt(size) ? { type: { how: "int", size }, text: `u${8 * size}` } : sized(size);
    case "cgroup":
      if (size === CGROUP_KEY) return { type: { how: "cgroup" }, text: "bpf_cgroup_storage_key" };
      return size === CGROUP_INODE ? { type: { how: "int", size }, text: "u64" } : sized(size);
    case "parameter":
    case "trie":
      return lowered === undefined || parameter === undefined
        ? sized(size)
        : judgeParameter(lowered, { ...question, parameter });
    case "size":
    case "none":
      return sized(size);
  }
}

/** Bytes of an INT that counts or describes something. */
function isInt(size: number): boolean {
  return size === 4 || size === 8;
}

function judgeParameter(
  lowered: LoweredBtf,
  { role, field, size, parameter }: Question & { readonly parameter: TypeParameter },
): Judged {
  const loweredId = lowered.typeId(parameter.row);
  const btf = lowered.btf();
  const given = sizeOf(btf, loweredId);
  const text = typeText(btf, loweredId);
  if (role === "trie" && given !== undefined && given + PREFIX === size) {
    const row = trieKeyRow(lowered.dwarf, parameter.row, size);
    const name = `Key<${text}>`;
    if (row === undefined) return { type: { how: "trie", name, loweredId, size }, text: name };
    const keyId = lowered.typeId(row);
    return { type: { how: "type", loweredId: keyId }, text: typeText(lowered.btf(), keyId) };
  }
  const isTaken = given === size && (role !== "trie" || isStruct(btf, loweredId));
  if (isTaken && size !== 0 && isNested(btf, loweredId))
    return { type: { how: "arrays", name: text, loweredId, size }, text };
  if (isTaken && size !== 0) return { type: { how: "type", loweredId }, text };
  if (isTaken) return sized(size);
  const measure = given === undefined ? "without size" : bytesText(given);
  const prefix = role === "trie" ? ` behind a prefix of ${PREFIX} bytes` : "";
  return { ...sized(size), conflict: `its ${parameter.name} is ${text} (${measure})${prefix} but ${field} is ${size}` };
}

/** Array of arrays: aya-obj 0.3 takes the size of a bare one from its innermost dimension alone (`Btf::type_size`). */
function isNested(btf: Btf, id: number): boolean {
  const array = typeById(btf, skipModifiers(btf, id));
  return array?.kind === "array" && typeById(btf, skipModifiers(btf, array.type))?.kind === "array";
}

function isStruct(btf: Btf, id: number): boolean {
  return typeById(btf, skipModifiers(btf, id))?.kind === "struct";
}
