import { type Btf, type BtfComposite, typeById } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { sizeOf, skipModifiers } from "../btf/walk.ts";
import { TYPE_FIELDS, type TypeField, UINT_FIELDS, type UintField } from "./definition.ts";

/** One member of a definition struct, as libbpf understands it. `member` is its position, `typeId` the member's own type. */
export type MapField = { readonly member: number; readonly typeId: number } & (
  | { readonly kind: "uint"; readonly name: UintField; readonly value: bigint }
  | { readonly kind: "type"; readonly name: TypeField; readonly pointee: number; readonly size: number | undefined }
  | {
      readonly kind: "values";
      readonly name: "values";
      /** Definition struct of the inner map, or FUNC_PROTO of the programs. */
      readonly element: number;
      readonly of: "map" | "programs" | "unknown";
      /** Whether it is the zero-length array of pointers that libbpf wants, not a pointer to one, and without elements. */
      readonly isArray: boolean;
    }
  | { readonly kind: "unknown"; readonly name: string }
);

/** The fields of a definition struct in member order. */
export type MapFields = readonly MapField[];

const UINTS: ReadonlySet<string> = new Set(UINT_FIELDS);
const TYPES: ReadonlySet<string> = new Set(TYPE_FIELDS);

/** The number behind `__uint`: member → (qualifiers, typedefs) → PTR → ARRAY; libbpf `get_map_field_int`, `get_map_field_long`. */
function uintValue(btf: Btf, name: string, typeId: number): bigint | undefined {
  const type = typeById(btf, skipModifiers(btf, typeId));
  if (type?.kind === "ptr") {
    const array = typeById(btf, type.type);
    return array?.kind === "array" ? BigInt(array.nelems) : undefined;
  }
  if (name !== "map_extra" || (type?.kind !== "enum" && type?.kind !== "enum64")) return undefined;
  const [only] = type.values;
  return type.values.length === 1 && only !== undefined ? BigInt.asUintN(64, BigInt(only.value)) : undefined;
}

/** The element of `values`: ARRAY (or, as Rust's `*const [*const Inner; 0]` gives it, PTR → ARRAY) of PTR → STRUCT or FUNC_PROTO. */
function valuesField(btf: Btf, member: number, typeId: number): MapField {
  let array = typeById(btf, typeId);
  let isArray = array?.kind === "array" && array.nelems === 0;
  if (array?.kind === "ptr") array = typeById(btf, array.type);
  const pointer = array?.kind === "array" ? typeById(btf, array.type) : undefined;
  let element = pointer?.kind === "ptr" ? skipModifiers(btf, pointer.type) : 0;
  let target = typeById(btf, element);
  const behind = target?.kind === "ptr" ? skipModifiers(btf, target.type) : 0;
  if (typeById(btf, behind)?.kind === "funcProto") {
    // Rust's `*const fn()`: a `fn()` is the pointer already.
    isArray = false;
    element = behind;
    target = typeById(btf, behind);
  }
  const of =
    target?.kind === "funcProto" ? "programs" : target?.kind === "struct" || target?.kind === "fwd" ? "map" : "unknown";
  return { kind: "values", name: "values", member, typeId, element, of, isArray };
}

function readField(btf: Btf, name: string, member: number, typeId: number): MapField {
  if (name === "values") return valuesField(btf, member, typeId);
  if (UINTS.has(name)) {
    const value = uintValue(btf, name, typeId);
    if (value !== undefined) return { kind: "uint", name: name as UintField, member, typeId, value };
  }
  if (TYPES.has(name)) {
    const pointer = typeById(btf, typeId);
    if (pointer?.kind === "ptr") {
      const size = pointer.type === 0 ? undefined : sizeOf(btf, pointer.type);
      return { kind: "type", name: name as TypeField, member, typeId, pointee: pointer.type, size };
    }
  }
  return { kind: "unknown", name, member, typeId };
}

/** The fields of a definition struct; a member that libbpf would not understand is `unknown` under its name. */
export function readFields(btf: Btf, struct: BtfComposite): MapFields {
  return struct.members.map((member, index) => readField(btf, nameText(btf, member.nameOff), index, member.type));
}

/** The value of an integer attribute as a number; undefined if the definition does not give it. */
export function uintOf(fields: MapFields, name: UintField): number | undefined {
  for (const field of fields) if (field.kind === "uint" && field.name === name) return Number(field.value);
  return undefined;
}

/** The field of that name, if it is there and understood as a type. */
export function typeFieldOf(fields: MapFields, name: TypeField): Extract<MapField, { kind: "type" }> | undefined {
  for (const field of fields) if (field.kind === "type" && field.name === name) return field;
  return undefined;
}
