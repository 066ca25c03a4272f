import { type Btf, type BtfMember, typeById } from "../btf/model.ts";
import { optionPointer } from "../btf/option-pointer.ts";
import { misplacedFloat, sizeOf } from "../btf/walk.ts";
import type { MapAttributes, MapMember, MapType, MapValues } from "./definition.ts";
import { mapKind } from "./kinds.ts";
import { type MapFields, typeFieldOf, uintOf } from "./read.ts";
import { innerDefinition, type Requirement, requirement } from "./require.ts";
import { sourceText, typeText } from "./text.ts";

/** A float that a packed record holds out of place can only be bytes in BTF (T11), so both witnesses give it as these. */
function memberText(btf: Btf, member: BtfMember, naming: Naming): string {
  const float = misplacedFloat(btf, member);
  return float === undefined ? typeText(btf, member.type, naming) : `[u8; ${float.size}]`;
}

/** In the order of their offsets: LLVM writes that of the source, which is a defect of its own (T1) and no other map. */
function membersOf(btf: Btf, id: number, naming: Naming): readonly MapMember[] | null {
  const type = typeById(btf, id);
  // `()`, which rustc writes as an INT of size 0 and its repair as an empty STRUCT (T2): the same map.
  if (type?.kind === "int" && type.size === 0) return [];
  if ((type?.kind !== "struct" && type?.kind !== "union") || optionPointer(btf, id) !== undefined) return null;
  const members = type.members.map((member) => ({
    name: naming(sourceText(btf, member.nameOff)),
    bitOffset: member.bitOffset,
    type: memberText(btf, member, naming),
  }));
  return members.sort((a, b) => a.bitOffset - b.bitOffset);
}

/** A type as a key or value. */
export function mapType(btf: Btf, id: number, naming: Naming = (name): string => name): MapType {
  return { name: typeText(btf, id, naming), size: sizeOf(btf, id) ?? 0, members: membersOf(btf, id, naming) };
}

function valuesOf(btf: Btf, fields: MapFields, naming: Naming): MapValues | null {
  const field = fields.find((candidate) => candidate.kind === "values");
  if (field?.kind !== "values") return null;
  if (field.of !== "map") return { kind: "programs" };
  const required = innerDefinition(btf, field)?.required ?? requirement(btf, []);
  // libbpf refuses maps of maps of maps, so an inner map's own `values` is not followed.
  const flat = required.fields.filter((entry) => entry.field.kind !== "values");
  return { kind: "map", map: attributesOf(btf, { ...required, fields: flat }, naming) };
}

/** Has the last word on every name of a type or member. */
type Naming = (name: string) => string;

/** What a loader reads out of the required form of a definition. */
export function attributesOf(btf: Btf, required: Requirement, naming: Naming = (name): string => name): MapAttributes {
  const fields = required.fields.flatMap((entry): MapFields => {
    if (entry.how === "size") return [];
    const { field } = entry;
    return [entry.how === "pointee" && field.kind === "type" ? { ...field, pointee: entry.pointee } : field];
  });
  const uint = (name: Parameters<typeof uintOf>[1]): number | null => {
    const written = required.fields.find((entry) => entry.how === "size" && entry.name === name);
    return written?.how === "size" ? written.value : (uintOf(fields, name) ?? null);
  };
  const key = typeFieldOf(fields, "key");
  const value = typeFieldOf(fields, "value");
  // The one attribute that may have 64 bits, whichever form it is written in.
  const extra = required.fields
    .map(({ field }) => field)
    .find(({ kind, name }) => kind === "uint" && name === "map_extra");
  const type = uint("type");
  return {
    type,
    typeName: mapKind(type ?? undefined).name,
    key: key === undefined ? null : mapType(btf, key.pointee, naming),
    value: value === undefined ? null : mapType(btf, value.pointee, naming),
    keySize: key?.size ?? uint("key_size"),
    valueSize: value?.size ?? uint("value_size"),
    maxEntries: uint("max_entries"),
    mapFlags: uint("map_flags"),
    numaNode: uint("numa_node"),
    mapExtra: extra?.kind === "uint" ? String(extra.value) : null,
    pinning: uint("pinning"),
    values: valuesOf(btf, fields, naming),
  };
}
