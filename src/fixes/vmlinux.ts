import type { BtfBuilder } from "../btf/builder.ts";
import {
  type Btf,
  type BtfFunc,
  type BtfFuncProto,
  type BtfType,
  type BtfVar,
  typeById,
  typesWithIds,
} from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { skipModifiers } from "../btf/walk.ts";

/** Deepest nesting of pointers and prototypes that is copied; libbpf compares no deeper (bpf_core_types_are_compat). */
const MAX_DEPTH = 32;

/** INT_SIGNED, INT_CHAR and INT_BOOL of include/uapi/linux/btf.h: two integers of one encoding and size mean the same. */
const ENCODING = 7;

/** What a kernel's BTF says of symbols, by name; FUNCs come before VARs. One walk for any number of names. */
export function findSymbols(kernel: Btf, names: ReadonlySet<string>): ReadonlyMap<string, BtfFunc | BtfVar> {
  const found = new Map<string, BtfFunc | BtfVar>();
  for (const type of kernel.types) {
    if (type.kind !== "func" && type.kind !== "var") continue;
    const name = nameText(kernel, type.nameOff);
    if (names.has(name) && found.get(name)?.kind !== "func") found.set(name, type);
  }
  return found;
}

/** An integer of the object's own, if it has one of the size in bytes and the encoding. */
function ownInt(own: Btf, size: number, encoding: number): number | undefined {
  for (const [id, type] of typesWithIds(own)) {
    if (
      type.kind === "int" &&
      type.size === size &&
      type.bits === size * 8 &&
      (type.encoding & ENCODING) === encoding
    ) {
      return id;
    }
  }
  return undefined;
}

/** Brings types of a kernel into the object's BTF, as little of them as libbpf compares. */
export interface KernelCopier {
  /** Own id of an integer: one that is there, else a new one of that name. */
  int(name: string, size: number, encoding: number): number;
  /**
   * Own id of a copy of a kernel type. Records become empty ones of their kind and name, never FWDs: libbpf compares kinds ("func_proto
   * incompatible with vmlinux"). Typedefs, qualifiers and tags are looked through, as libbpf and cilium/ebpf do; parameters keep their names.
   */
  copy(kernelId: number): number;
}

/** A copier on `builder`, which edits `own`. */
export function kernelCopier(own: Btf, builder: BtfBuilder, kernel: Btf): KernelCopier {
  const copies = new Map<number, number>();
  const ints = new Map<string, number>();

  const int = (name: string, size: number, encoding: number): number => {
    const key = `${size} ${encoding}`;
    let id = ints.get(key) ?? ownInt(own, size, encoding);
    id ??= builder.add({ kind: "int", nameOff: builder.string(name), size, bits: size * 8, bitOffset: 0, encoding });
    ints.set(key, id);
    return id;
  };
  const named = (nameOff: number): number => builder.string(nameText(kernel, nameOff));
  const copyAt = (kernelId: number, depth: number): number => {
    const id = skipModifiers(kernel, kernelId);
    const known = copies.get(id);
    if (known !== undefined) return known;
    const type = typeById(kernel, id);
    const copied = type === undefined || depth > MAX_DEPTH ? 0 : copyOf(type, depth + 1);
    copies.set(id, copied);
    return copied;
  };
  const protoAt = ({ returnType, params }: BtfFuncProto, depth: number): number => {
    const returned = copyAt(returnType, depth);
    const own = params.map(({ nameOff, type }) => ({ nameOff: named(nameOff), type: copyAt(type, depth) }));
    return builder.add({ kind: "funcProto", nameOff: 0, returnType: returned, params: own });
  };
  const copyOf = (type: BtfType, depth: number): number => {
    switch (type.kind) {
      case "int":
        return int(nameText(kernel, type.nameOff), type.size, type.encoding & ENCODING);
      case "float":
        return builder.add({ kind: "float", nameOff: named(type.nameOff), size: type.size });
      case "ptr":
        return builder.add({ kind: "ptr", nameOff: 0, type: copyAt(type.type, depth) });
      case "array": {
        const element = copyAt(type.type, depth);
        const indexType = int("unsigned int", 4, 0);
        return builder.add({ kind: "array", nameOff: 0, type: element, indexType, nelems: type.nelems });
      }
      case "struct":
      case "union":
        return builder.add({ kind: type.kind, nameOff: named(type.nameOff), size: 0, bitfields: false, members: [] });
      case "fwd":
        return builder.add({ kind: "fwd", nameOff: named(type.nameOff), union: type.union });
      case "enum":
      case "enum64":
        // An ENUM without values announces an enum; libbpf takes one kind for the other.
        return builder.add({ kind: "enum", nameOff: named(type.nameOff), size: 4, signed: false, values: [] });
      case "funcProto":
        return protoAt(type, depth);
      default:
        return 0;
    }
  };
  return { int, copy: (kernelId) => copyAt(kernelId, 0) };
}
