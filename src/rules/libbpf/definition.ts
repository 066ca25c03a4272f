import { type Btf, type BtfComposite, type BtfMember, type BtfType, typeById } from "../../btf/model.ts";
import { nameText, stringLength } from "../../btf/names.ts";
import { resolvedSize } from "../../btf/walk.ts";
import type { LoaderRule } from "../loader.ts";
import { followed } from "./follow.ts";
import { E2BIG, EINVAL, ENOTSUP, LibbpfRefusal, libbpfRule } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";

const parse = "parse_btf_map_def";
const number = libbpfRule("LM-10", "A number is a pointer to an array of that many elements.", "get_map_field_int", [
  "map 'M': attr 'A': expected PTR, got K.",
  "map 'M': attr 'A': type [N] not found.",
  "map 'M': attr 'A': expected ARRAY, got K.",
]);
const long = libbpfRule(
  "LM-11",
  "map_extra is such a number, or an enum of one value.",
  "get_map_field_long",
  ["map 'M': attr 'map_extra': expected ENUM or ENUM64, got K.", "map 'M': attr 'map_extra': invalid __ulong"],
  { since: "1.7" },
);
const pointer = libbpfRule("LM-12", "Key and value are pointers to their types.", parse, [
  "map 'M': W spec is not PTR: K.",
  "map 'M': W type [N] not found.",
]);
const sized = libbpfRule(
  "LM-13",
  "Key and value have a size.",
  parse,
  "map 'M': can't determine W size for type [N]: E.",
);
const agree = libbpfRule(
  "LM-14",
  "A type and a size that are both given agree.",
  parse,
  "map 'M': conflicting W size A != B.",
);
const last = libbpfRule("LM-15", "`values` is the last member.", parse, "map 'M': 'values' member should be last.");
const holds = libbpfRule(
  "LM-16",
  "`values` belongs to maps of maps and of programs.",
  parse,
  "map 'M': should be map-in-map or prog-array.",
  { errno: ENOTSUP },
);
const slot = libbpfRule(
  "LM-17",
  "The values of maps of maps and of programs take 4 bytes.",
  parse,
  "map 'M': conflicting value size N != 4.",
);
const unsized = libbpfRule("LM-18", "`values` is an array of no elements.", parse, [
  "map 'M': map-in-map inner spec is not a zero-sized array.",
  "map 'M': prog-array value spec is not a zero-sized array.",
  "map 'M': map-in-map inner type [N] not found.",
  "map 'M': prog-array value type [N] not found.",
]);
const element = libbpfRule(
  "LM-19",
  "The elements of `values` are pointers to a map's definition, or to functions.",
  parse,
  ["map 'M': map-in-map inner def is of unexpected kind K.", "map 'M': prog-array value def is of unexpected kind K."],
);
const oneLevel = libbpfRule(
  "LM-20",
  "An inner map holds no maps.",
  parse,
  "map 'M': multi-level inner maps not supported.",
  { errno: ENOTSUP },
);
const pinValue = libbpfRule("LM-21", "pinning is 0 or 1.", parse, "map 'M': invalid pinning value N.");
const pinInner = libbpfRule("LM-22", "An inner map is not pinned.", parse, "map 'M': inner def can't be pinned.");
const known = libbpfRule("LM-23", "Every member is one that libbpf knows.", parse, "map 'M': unknown field 'F'.", {
  errno: ENOTSUP,
});
const typed = libbpfRule("LM-25", "The map's type is given.", parse, "map 'M': map type isn't specified.");

const fieldNamed = libbpfRule(
  "LM-24",
  "The name of a member lies within the strings.",
  parse,
  "map 'M': invalid field #N.",
  { until: "1.1" },
);

export const definitionRules: readonly LoaderRule[] = [
  fieldNamed,
  number,
  long,
  pointer,
  sized,
  agree,
  last,
  holds,
  slot,
  unsized,
  element,
  oneLevel,
  pinValue,
  pinInner,
  known,
  typed,
];

/** Numbers of `enum bpf_map_type`. */
export const HASH_OF_MAPS = 13;
export const PROG_ARRAY = 3;
const ARRAY_OF_MAPS = 12;

export function holdsMaps(type: number): boolean {
  return type === ARRAY_OF_MAPS || type === HASH_OF_MAPS;
}

/** A definition as libbpf reads it; sizes in bytes, 0 where nothing is said. */
export interface LibbpfMapDef {
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  mapFlags: number;
  mapExtra: bigint;
  keyTypeId: number;
  valueTypeId: number;
  pinning: number;
  inner: LibbpfMapDef | undefined;
}

function emptyDef(): LibbpfMapDef {
  return {
    type: 0,
    keySize: 0,
    valueSize: 0,
    maxEntries: 0,
    mapFlags: 0,
    mapExtra: 0n,
    keyTypeId: 0,
    valueTypeId: 0,
    pinning: 0,
    inner: undefined,
  };
}

const SPELLED: Readonly<Partial<Record<BtfType["kind"], string>>> = {
  funcProto: "func_proto",
  declTag: "decl_tag",
  typeTag: "type_tag",
};

/** libbpf's name of a kind (`btf_kind_str`). */
export function kindText(type: BtfType | undefined): string {
  return type === undefined ? "void" : (SPELLED[type.kind] ?? type.kind);
}

class DefinitionReader {
  readonly btf: Btf;
  readonly map: string;
  readonly inner: boolean;
  readonly version: LibbpfVersion;
  readonly def: LibbpfMapDef = emptyDef();

  constructor(btf: Btf, map: string, version: LibbpfVersion, inner: boolean) {
    this.btf = btf;
    this.map = map;
    this.inner = inner;
    this.version = version;
  }

  resolved(id: number): BtfType | undefined {
    return followed(this.btf, id);
  }

  fail(rule: typeof number, text: string, errno: number = rule.errno): never {
    throw new LibbpfRefusal(rule, `map '${this.map}': ${text}`, { map: this.map.replace(/\.inner$/, "") }, errno);
  }

  number(member: BtfMember, name: string): number {
    const type = this.resolved(member.type);
    if (type?.kind !== "ptr") return this.fail(number, `attr '${name}': expected PTR, got ${kindText(type)}.`);
    const target = typeById(this.btf, type.type);
    if (target === undefined && type.type !== 0)
      return this.fail(number, `attr '${name}': type [${type.type}] not found.`);
    if (target?.kind !== "array") return this.fail(number, `attr '${name}': expected ARRAY, got ${kindText(target)}.`);
    return target.nelems;
  }

  long(member: BtfMember, name: string): bigint {
    const type = this.resolved(member.type);
    if (type?.kind === "ptr" || this.version === "1.1") return BigInt(this.number(member, name));
    if (type?.kind !== "enum" && type?.kind !== "enum64") {
      return this.fail(long, `attr '${name}': expected ENUM or ENUM64, got ${kindText(type)}.`);
    }
    const [value, second] = type.values;
    if (value === undefined || second !== undefined) return this.fail(long, `attr '${name}': invalid __ulong`);
    return BigInt.asUintN(64, BigInt(value.value));
  }

  /** Puts a size in, if it does not contradict one that is there. */
  size(part: "key" | "value", size: number): void {
    const field = part === "key" ? "keySize" : "valueSize";
    const before = this.def[field];
    if (before !== 0 && before !== size) this.fail(agree, `conflicting ${part} size ${before} != ${size}.`);
    this.def[field] = size;
  }

  typed(member: BtfMember, part: "key" | "value"): void {
    const type = typeById(this.btf, member.type);
    if (type === undefined && member.type !== 0) this.fail(pointer, `${part} type [${member.type}] not found.`);
    if (type?.kind !== "ptr") this.fail(pointer, `${part} spec is not PTR: ${kindText(type)}.`);
    const size = resolvedSize(this.btf, type.type);
    if (typeof size === "string") {
      const errno = size === "too large" ? E2BIG : EINVAL;
      this.fail(sized, `can't determine ${part} size for type [${type.type}]: -${errno}.`, errno);
    }
    this.size(part, size);
    this.def[part === "key" ? "keyTypeId" : "valueTypeId"] = type.type;
  }

  values(member: BtfMember, isLast: boolean): void {
    const { def, map } = this;
    const ofMaps = holdsMaps(def.type);
    if (this.inner) this.fail(oneLevel, "multi-level inner maps not supported.");
    if (!isLast) this.fail(last, "'values' member should be last.");
    if (!ofMaps && def.type !== PROG_ARRAY) this.fail(holds, "should be map-in-map or prog-array.");
    if (def.valueSize !== 0 && def.valueSize !== 4) this.fail(slot, `conflicting value size ${def.valueSize} != 4.`);
    def.valueSize = 4;
    const what = ofMaps ? "map-in-map inner" : "prog-array value";
    const list = typeById(this.btf, member.type);
    if (list === undefined && member.type !== 0) this.fail(unsized, `${what} type [${member.type}] not found.`);
    if (list?.kind !== "array" || list.nelems !== 0) this.fail(unsized, `${what} spec is not a zero-sized array.`);
    const each = this.resolved(list.type);
    if (each?.kind !== "ptr") this.fail(element, `${what} def is of unexpected kind ${kindText(each)}.`);
    const target = this.resolved(each.type);
    if (!ofMaps) {
      if (target?.kind !== "funcProto")
        this.fail(element, `prog-array value def is of unexpected kind ${kindText(target)}.`);
      return;
    }
    if (target?.kind !== "struct")
      this.fail(element, `map-in-map inner def is of unexpected kind ${kindText(target)}.`);
    // libbpf composes the name in a buffer of 128 bytes.
    def.inner = readDefinition(this.btf, `${map}.inner`.slice(0, 127), target, this.version, true);
  }

  pinning(member: BtfMember, name: string): void {
    if (this.inner) this.fail(pinInner, "inner def can't be pinned.");
    const value = this.number(member, name);
    if (value > 1) this.fail(pinValue, `invalid pinning value ${value}.`);
    this.def.pinning = value;
  }

  field(member: BtfMember, isLast: boolean): void {
    const { def } = this;
    const name = nameText(this.btf, member.nameOff);
    switch (name) {
      case "type":
        def.type = this.number(member, name);
        return;
      case "max_entries":
        def.maxEntries = this.number(member, name);
        return;
      case "map_flags":
        def.mapFlags = this.number(member, name);
        return;
      case "numa_node":
        this.number(member, name);
        return;
      case "key_size":
      case "value_size":
        this.size(name === "key_size" ? "key" : "value", this.number(member, name));
        return;
      case "key":
      case "value":
        this.typed(member, name);
        return;
      case "values":
        this.values(member, isLast);
        return;
      case "pinning":
        this.pinning(member, name);
        return;
      case "map_extra":
        def.mapExtra = this.long(member, name);
        return;
      default:
        this.fail(known, `unknown field '${name}'.`);
    }
  }
}

/** Reads a definition as libbpf's `parse_btf_map_def` does, member by member. Throws a `LibbpfRefusal`. */
export function readDefinition(
  btf: Btf,
  map: string,
  struct: BtfComposite,
  version: LibbpfVersion,
  inner = false,
): LibbpfMapDef {
  const reader = new DefinitionReader(btf, map, version, inner);
  for (const [index, member] of struct.members.entries()) {
    if (member.nameOff >= stringLength(btf)) reader.fail(fieldNamed, `invalid field #${index}.`);
    reader.field(member, index === struct.members.length - 1);
  }
  if (reader.def.type === 0) reader.fail(typed, "map type isn't specified.");
  return reader.def;
}
