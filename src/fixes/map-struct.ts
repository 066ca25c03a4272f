import type { BtfBuilder } from "../btf/builder.ts";
import { escapeName } from "../btf/escape.ts";
import { type Btf, type BtfComposite, type BtfMember, typeById } from "../btf/model.ts";
import { nameBytes } from "../btf/names.ts";
import { innerDefinition, type RequiredField } from "../maps/require.ts";
import { arrayIndex } from "./bytes-type.ts";

/** Where a definition's types come from: the own BTF itself, or the lowered one, whose types must be brought over. */
export interface DefinitionSource {
  readonly btf: Btf;
  /** Own id of a type of `btf`. */
  own(id: number): number;
}

/** Writes definition structs in the form that libbpf, cilium/ebpf and aya all take; equal ones are written once. */
export interface DefinitionWriter {
  /** Own id of the STRUCT with the required fields of `struct`, a definition in `source`. */
  write(source: DefinitionSource, struct: BtfComposite, fields: readonly RequiredField[]): number;
}

const encoder = new TextEncoder();

export function definitionWriter(builder: BtfBuilder, btf: Btf): DefinitionWriter {
  const written = new Map<string, number>();
  const name = (source: Btf, nameOff: number): number =>
    builder.string(escapeName(nameBytes(source, nameOff) ?? new Uint8Array(0)));
  const once = (key: string, add: () => number): number => {
    const known = written.get(key);
    if (known !== undefined) return known;
    const id = add();
    written.set(key, id);
    return id;
  };
  const pointerTo = (type: number): number => once(`ptr ${type}`, () => builder.add({ kind: "ptr", nameOff: 0, type }));
  const arrayOf = (type: number, indexType: number, nelems: number): number =>
    once(`array ${type} ${indexType} ${nelems}`, () =>
      builder.add({ kind: "array", nameOff: 0, type, indexType, nelems }),
    );

  /** `__uint(name, value)`: PTR → ARRAY of `value` elements, of the type that the definition's other integers use. */
  const uint = (source: DefinitionSource, struct: BtfComposite, value: number): number => {
    for (const member of struct.members) {
      const pointer = typeById(source.btf, member.type);
      const array = pointer?.kind === "ptr" ? typeById(source.btf, pointer.type) : undefined;
      if (array?.kind === "array")
        return pointerTo(arrayOf(source.own(array.type), source.own(array.indexType), value));
    }
    const index = arrayIndex(btf) ?? 0;
    return pointerTo(arrayOf(index, index, value));
  };

  /** `__array(values, …)`: ARRAY of no elements → PTR → definition of the inner map, itself in the required form. */
  const values = (
    source: DefinitionSource,
    field: Extract<RequiredField, { how: "keep" | "array" }>["field"],
  ): number => {
    if (field.kind !== "values") return source.own(field.typeId);
    const inner = innerDefinition(source.btf, field);
    const isAsRequired =
      inner === undefined || (inner.required.deviations.length === 0 && inner.unwrapped.wrappers.length === 0);
    if (field.isArray && isAsRequired) return source.own(field.typeId);
    const element = isAsRequired
      ? source.own(field.element)
      : write(source, inner.unwrapped.struct, inner.required.fields);
    const index = arrayIndex(btf) ?? 0;
    return arrayOf(pointerTo(element), index, 0);
  };

  const memberOf = (source: DefinitionSource, struct: BtfComposite, entry: RequiredField): BtfMember => {
    const member = struct.members[entry.field.member];
    const place = { bitOffset: member?.bitOffset ?? 0, bitfieldSize: 0 };
    if (entry.how === "size") {
      return { ...place, nameOff: builder.string(encoder.encode(entry.name)), type: uint(source, struct, entry.value) };
    }
    const nameOff = name(source.btf, member?.nameOff ?? 0);
    if (entry.how === "pointee") return { ...place, nameOff, type: pointerTo(source.own(entry.pointee)) };
    return { ...place, nameOff, type: values(source, entry.field) };
  };

  const write: DefinitionWriter["write"] = (source, struct, fields) => {
    const members = fields.map((entry) => memberOf(source, struct, entry));
    // `values` stands last for libbpf, and the kernel wants ascending offsets: Rust puts it last too, so they agree.
    const record: BtfComposite = {
      kind: "struct",
      nameOff: name(source.btf, struct.nameOff),
      size: struct.size,
      bitfields: false,
      members,
    };
    return once(JSON.stringify(record), () => builder.add(record));
  };
  return { write };
}
