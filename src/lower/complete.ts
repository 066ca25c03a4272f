import type { BtfMember, BtfParam, BtfType } from "../btf/model.ts";
import { nameBytes } from "../btf/names.ts";
import { mapNames, mapReferences } from "../btf/walk.ts";
import { AT, ATE, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import type { AdoptedEntry, Entry, Lowering, MemberEntry, TypeRef } from "./entries.ts";
import { bitsOf, bytesOf, enumShape, withoutAtomic, word } from "./layout.ts";
import { flaggedOffset, membersOf } from "./members.ts";
import { typeOf } from "./names.ts";
import type { Strings } from "./strings.ts";

const SIGNED = 1;
const BOOL = 4;

/** Id that a reference means, one lookup deep: 0 for void and for what BTF cannot express. */
export function lookup(lowering: Lowering, ref: TypeRef): number {
  if ("id" in ref) return ref.id;
  const row = withoutAtomic(lowering.dwarf, ref.row);
  return row === undefined ? 0 : (lowering.ids.get(row) ?? 0);
}

/**
 * The record of an entry: strings are added and ids looked up now that every entry has its id (the completeType functions of BTFDebug).
 * Own name first, then the names of members, enumerators or parameters in order.
 */
export function completeType(lowering: Lowering, entry: Entry, strings: Strings): BtfType {
  const { dwarf } = lowering;
  switch (entry.entry) {
    case "basic":
      return basicType(lowering, entry.row, strings);
    case "index": {
      const nameOff = strings.add("__ARRAY_SIZE_TYPE__");
      return { kind: "int", nameOff, size: 4, bits: 32, bitOffset: 0, encoding: 0 };
    }
    case "reference": {
      const nameOff = entry.kind === "typedef" ? strings.add(entry.row) : 0;
      return { kind: entry.kind, nameOff, type: lookup(lowering, entry.target) };
    }
    case "typeTag": {
      const nameOff = strings.add(entry.tag);
      return { kind: "typeTag", nameOff, type: lookup(lowering, entry.target), attribute: false };
    }
    case "declTag": {
      const { owner, component, tag } = entry;
      return { kind: "declTag", nameOff: strings.add(tag), type: owner, component, attribute: false };
    }
    case "fwd":
      return { kind: "fwd", nameOff: strings.add(entry.name), union: entry.union };
    case "array": {
      const type = lookup(lowering, entry.element);
      return { kind: "array", nameOff: 0, type, indexType: lowering.indexType, nelems: entry.count };
    }
    case "enum":
      return enumType(dwarf, entry.row, entry.values, strings);
    case "composite": {
      const { kind, row, size } = entry;
      const nameOff = row === undefined || dwarf.tag(row) === TAG.variantPart ? 0 : strings.add(row);
      const entries = membersOf(lowering, entry);
      const bitfields = entries.some((member) => member.bitfieldSize > 0);
      const members = entries.map((member) => memberOf(lowering, member, bitfields, strings));
      return { kind, nameOff, size, bitfields, members };
    }
    case "proto": {
      const returnType = lookup(lowering, { row: typeOf(dwarf, entry.row) });
      const params = entry.params.map(
        (row): BtfParam => ({ nameOff: 0, type: lookup(lowering, { row: typeOf(dwarf, row) }) }),
      );
      return { kind: "funcProto", nameOff: 0, returnType, params };
    }
    case "signature": {
      const params = entry.params.map(
        ({ name, type }): BtfParam => ({ nameOff: strings.add(name), type: lookup(lowering, type) }),
      );
      return { kind: "funcProto", nameOff: 0, returnType: lookup(lowering, entry.returnType), params };
    }
    case "func":
    case "var": {
      const { entry: kind, name, type, linkage } = entry;
      return { kind, nameOff: strings.add(name), type: lookup(lowering, type), linkage };
    }
    case "datasec": {
      const entries = entry.items.map(({ id, offset, size }) => ({ type: id, offset, size }));
      return { kind: "datasec", nameOff: strings.add(entry.name), size: 0, entries };
    }
    case "adopted":
      return adoptedType(lowering, entry, strings);
  }
}

/** A record of the second witness with its names and references as they are here. */
function adoptedType(lowering: Lowering, { from, type, ids }: AdoptedEntry, strings: Strings): BtfType {
  const renamed = mapNames(type, (nameOff) => strings.add(nameBytes(from, nameOff) ?? ""));
  return mapReferences(renamed, (id) => {
    const ref = ids.get(id);
    return ref === undefined ? 0 : lookup(lowering, ref);
  });
}

function memberOf(lowering: Lowering, member: MemberEntry, flagged: boolean, strings: Strings): BtfMember {
  const { name, type, bitOffset, bitfieldSize } = member;
  return {
    nameOff: strings.add(name),
    type: lookup(lowering, type),
    bitOffset: flagged ? flaggedOffset(bitOffset) : bitOffset,
    bitfieldSize,
  };
}

/** BTFTypeInt and BTFTypeFloat. CHAR is never used: C `char` is a signed INT, `u8` a plain one. */
function basicType(lowering: Lowering, row: DieRow, strings: Strings): BtfType {
  const { dwarf, dialect } = lowering;
  const encoding = dwarf.number(row, AT.encoding);
  const size = bytesOf(dwarf, row);
  if (encoding === ATE.float) return { kind: "float", nameOff: strings.add(row), size };
  const utf = encoding === ATE.utf ? dialect.utfName : undefined;
  const signed = encoding === ATE.signed || encoding === ATE.signedChar;
  return {
    kind: "int",
    nameOff: strings.add(utf ?? row),
    size,
    bits: bitsOf(dwarf, row) & 0xff,
    bitOffset: 0,
    encoding: encoding === ATE.boolean ? BOOL : signed ? SIGNED : 0,
  };
}

/** BTFTypeEnum and BTFTypeEnum64: values wider than the kind are cut. */
function enumType(dwarf: Dwarf, row: DieRow, enumerators: readonly DieRow[], strings: Strings): BtfType {
  const { signed, bits } = enumShape(dwarf, row);
  const nameOff = strings.add(row);
  const size = word(dwarf.number(row, AT.byteSize) ?? 0);
  const named = enumerators.map((child) => ({
    nameOff: strings.add(child),
    value: dwarf.bigint(child, AT.constValue) ?? 0n,
  }));
  const cut = signed ? BigInt.asIntN : BigInt.asUintN;
  if (bits > 32) {
    const values = named.map(({ nameOff, value }) => ({ nameOff, value: cut(64, value) }));
    return { kind: "enum64", nameOff, size, signed, values };
  }
  const values = named.map(({ nameOff, value }) => ({ nameOff, value: Number(cut(32, value)) }));
  return { kind: "enum", nameOff, size, signed, values };
}
