import { BtfBuilder } from "../src/btf/builder.ts";
import type { Btf, BtfType } from "../src/btf/model.ts";

/** A member: name, type id, bit offset. */
export type MemberDraft = readonly [name: string, type: number, bitOffset: number];

/** Small type graphs, one call a type, each returning the new type's id. */
export class Graph {
  readonly builder: BtfBuilder;

  constructor(littleEndian = true) {
    this.builder = BtfBuilder.empty(littleEndian);
  }

  add(type: BtfType): number {
    return this.builder.add(type);
  }

  string(name: string | Uint8Array): number {
    return this.builder.string(name);
  }

  int(name: string, size: number, encoding = 0): number {
    return this.add({ kind: "int", nameOff: this.string(name), size, bits: size * 8, bitOffset: 0, encoding });
  }

  float(name: string, size: number): number {
    return this.add({ kind: "float", nameOff: this.string(name), size });
  }

  /** PTR, TYPEDEF, CONST, VOLATILE, RESTRICT. */
  ref(kind: "ptr" | "typedef" | "const" | "volatile" | "restrict", type: number, name = ""): number {
    return this.add({ kind, nameOff: this.string(name), type });
  }

  ptr(type: number): number {
    return this.ref("ptr", type);
  }

  array(type: number, indexType: number, nelems: number): number {
    return this.add({ kind: "array", nameOff: 0, type, indexType, nelems });
  }

  struct(name: string, size: number, members: readonly MemberDraft[], kind: "struct" | "union" = "struct"): number {
    const list = members.map(([member, type, bitOffset]) => ({
      nameOff: this.string(member),
      type,
      bitOffset,
      bitfieldSize: 0,
    }));
    return this.add({ kind, nameOff: this.string(name), size, bitfields: false, members: list });
  }

  union(name: string, size: number, members: readonly MemberDraft[]): number {
    return this.struct(name, size, members, "union");
  }

  fwd(name: string): number {
    return this.add({ kind: "fwd", nameOff: this.string(name), union: false });
  }

  enum(name: string, values: readonly (readonly [string, number])[], size = 4): number {
    const list = values.map(([value, number]) => ({ nameOff: this.string(value), value: number }));
    return this.add({ kind: "enum", nameOff: this.string(name), size, signed: false, values: list });
  }

  enum64(name: string, values: readonly (readonly [string, bigint])[]): number {
    const list = values.map(([value, number]) => ({ nameOff: this.string(value), value: number }));
    return this.add({ kind: "enum64", nameOff: this.string(name), size: 8, signed: false, values: list });
  }

  proto(returnType: number, params: readonly (readonly [string, number])[]): number {
    const list = params.map(([name, type]) => ({ nameOff: this.string(name), type }));
    return this.add({ kind: "funcProto", nameOff: 0, returnType, params: list });
  }

  func(name: string, type: number, linkage = 1): number {
    return this.add({ kind: "func", nameOff: this.string(name), type, linkage });
  }

  variable(name: string, type: number, linkage = 1): number {
    return this.add({ kind: "var", nameOff: this.string(name), type, linkage });
  }

  /** Entries as type, offset, size in bytes. */
  datasec(name: string, size: number, entries: readonly (readonly [number, number, number])[]): number {
    const list = entries.map(([type, offset, bytes]) => ({ type, offset, size: bytes }));
    return this.add({ kind: "datasec", nameOff: this.string(name), size, entries: list });
  }

  declTag(name: string, type: number, component = -1): number {
    return this.add({ kind: "declTag", nameOff: this.string(name), type, component, attribute: false });
  }

  finish(): Btf {
    return this.builder.finish();
  }
}
