import { type Btf, type BtfFloat, type BtfMember, type BtfType, typeById } from "./model.ts";

/** Pointers of BPF programs take 8 bytes, whatever made the blob (libbpf forces the same). */
const POINTER_SIZE = 8;
/** libbpf's MAX_RESOLVE_DEPTH: a longer chain has no size. */
const MAX_RESOLVE_DEPTH = 32;
const MAX_SIZE = 0xffff_ffff;

/** Every type id that a record refers to, in the order of its words, repetitions and 0 (void, varargs) included. */
export function references(type: BtfType): readonly number[] {
  switch (type.kind) {
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "typeTag":
    case "declTag":
    case "func":
    case "var":
      return [type.type];
    case "array":
      return [type.type, type.indexType];
    case "struct":
    case "union":
      return type.members.map((member) => member.type);
    case "funcProto":
      return [type.returnType, ...type.params.map((param) => param.type)];
    case "datasec":
      return type.entries.map((entry) => entry.type);
    case "int":
    case "float":
    case "fwd":
    case "enum":
    case "enum64":
    case "unknown":
      return [];
  }
}

/** The record with every referenced id, 0 included, replaced by `f` of it; the same object if `f` changes none. */
export function mapReferences(type: BtfType, f: (id: number) => number): BtfType {
  switch (type.kind) {
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "typeTag":
    case "declTag":
    case "func":
    case "var":
      return withType(type, f);
    case "array": {
      const indexType = f(type.indexType);
      const element = f(type.type);
      return element === type.type && indexType === type.indexType ? type : { ...type, type: element, indexType };
    }
    case "struct":
    case "union": {
      const members = mapList(type.members, (member) => withType(member, f));
      return members === type.members ? type : { ...type, members };
    }
    case "funcProto": {
      const returnType = f(type.returnType);
      const params = mapList(type.params, (param) => withType(param, f));
      return returnType === type.returnType && params === type.params ? type : { ...type, returnType, params };
    }
    case "datasec": {
      const entries = mapList(type.entries, (entry) => withType(entry, f));
      return entries === type.entries ? type : { ...type, entries };
    }
    case "int":
    case "float":
    case "fwd":
    case "enum":
    case "enum64":
    case "unknown":
      return type;
  }
}

/** The record with every name offset, 0 included, replaced by `f` of it: its own and those of its list; the same object if none changes. */
export function mapNames(type: BtfType, f: (nameOff: number) => number): BtfType {
  const named = withName(type, f);
  switch (named.kind) {
    case "struct":
    case "union": {
      const members = mapList(named.members, (member) => withName(member, f));
      return members === named.members ? named : { ...named, members };
    }
    case "enum": {
      const values = mapList(named.values, (value) => withName(value, f));
      return values === named.values ? named : { ...named, values };
    }
    case "enum64": {
      const values = mapList(named.values, (value) => withName(value, f));
      return values === named.values ? named : { ...named, values };
    }
    case "funcProto": {
      const params = mapList(named.params, (param) => withName(param, f));
      return params === named.params ? named : { ...named, params };
    }
    default:
      return named;
  }
}

/**
 * The id behind const, volatile, restrict, type tags and typedefs, as libbpf's `skip_mods_and_typedefs`: the first that is none of
 * them, be it 0 or an id that no type has. A chain that runs in a circle leads to 0.
 */
export function skipModifiers(btf: Btf, id: number): number {
  let at = id;
  for (let left = lastId(btf); left >= 0; left--) {
    const type = typeById(btf, at);
    switch (type?.kind) {
      case "const":
      case "volatile":
      case "restrict":
      case "typeTag":
      case "typedef":
        at = type.type;
        break;
      default:
        return at;
    }
  }
  return 0;
}

/** Size in bytes of a value of this type; undefined where `resolvedSize` gives none. */
export function sizeOf(btf: Btf, id: number): number | undefined {
  const size = resolvedSize(btf, id);
  return typeof size === "number" ? size : undefined;
}

/**
 * Size in bytes of a value of this type, as libbpf's `btf__resolve_size`; "none" for void, FWD, FUNC, FUNC_PROTO, unknown kinds and
 * ids and chains of more than 32 links, circles included; "too large" for arrays of 4 GiB or more.
 */
export function resolvedSize(btf: Btf, id: number): number | "none" | "too large" {
  let at = id;
  let count = 1;
  for (let depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
    const type = typeById(btf, at);
    switch (type?.kind) {
      case "int":
      case "float":
      case "struct":
      case "union":
      case "enum":
      case "enum64":
      case "datasec":
        return product(count, type.size);
      case "ptr":
        return product(count, POINTER_SIZE);
      case "typedef":
      case "volatile":
      case "const":
      case "restrict":
      case "typeTag":
      case "declTag":
      case "var":
        at = type.type;
        break;
      case "array": {
        const all = product(count, type.nelems);
        if (all === "too large") return all;
        count = all;
        at = type.type;
        break;
      }
      default:
        return "none";
    }
  }
  return "none";
}

/** Last id of the blob, its bases included. */
export function lastId(btf: Btf): number {
  return btf.firstId + btf.types.length - 1;
}

// Both factors are below 2^32, so a product that is too large for a double's integers is still far past the limit.
function product(count: number, size: number): number | "too large" {
  const all = count * size;
  return all > MAX_SIZE ? "too large" : all;
}

function withType<T extends { readonly type: number }>(record: T, f: (id: number) => number): T {
  const type = f(record.type);
  return type === record.type ? record : { ...record, type };
}

function withName<T extends { readonly nameOff: number }>(record: T, f: (nameOff: number) => number): T {
  const nameOff = f(record.nameOff);
  return nameOff === record.nameOff ? record : { ...record, nameOff };
}

function mapList<T>(list: readonly T[], f: (item: T) => T): readonly T[] {
  let changed = false;
  const mapped = list.map((item) => {
    const result = f(item);
    if (result !== item) changed = true;
    return result;
  });
  return changed ? mapped : list;
}

/**
 * The FLOAT of a member that does not lie at a multiple of its size (of 8 bytes at most), as packed records hold it; the kernel
 * (kernel/bpf/btf.c `btf_float_check_member`) refuses it.
 */
export function misplacedFloat(btf: Btf, { type, bitOffset }: BtfMember): BtfFloat | undefined {
  const float = typeById(btf, skipModifiers(btf, type));
  return float?.kind === "float" && bitOffset % (8 * Math.min(8, float.size)) !== 0 ? float : undefined;
}
