import type { SourcePlace } from "../dwarf/model.ts";

/** The integer attributes of a BTF map definition: `__uint(name, N)` is a pointer to an array of N ints. */
export const UINT_FIELDS = [
  "type",
  "max_entries",
  "map_flags",
  "numa_node",
  "key_size",
  "value_size",
  "pinning",
  "map_extra",
] as const;

export type UintField = (typeof UINT_FIELDS)[number];

/** The attributes that name a type: `__type(key, T)` is a pointer to T. */
export const TYPE_FIELDS = ["key", "value"] as const;

export type TypeField = (typeof TYPE_FIELDS)[number];

/** A member of a key or value struct: its name, offset in bits, and type as people read it. */
export interface MapMember {
  readonly name: string;
  readonly bitOffset: number;
  readonly type: string;
}

/** A key or value type as people read it, its size in bytes, and its members if it is a STRUCT or UNION. */
export interface MapType {
  readonly name: string;
  readonly size: number;
  readonly members: readonly MapMember[] | null;
}

/** What `values` (`__array(values, …)`) holds: an inner map, or programs of one prototype. */
export type MapValues = { readonly kind: "map"; readonly map: MapAttributes } | { readonly kind: "programs" };

/** What libbpf reads out of a definition (`parse_btf_map_def`); absent attributes are null. */
export interface MapAttributes {
  /** `enum bpf_map_type` and its name in bpftool. */
  readonly type: number | null;
  readonly typeName: string;
  readonly key: MapType | null;
  readonly value: MapType | null;
  /** From the type where there is one, else from `key_size`/`value_size`. */
  readonly keySize: number | null;
  readonly valueSize: number | null;
  readonly maxEntries: number | null;
  readonly mapFlags: number | null;
  readonly numaNode: number | null;
  /** 64 bits, as text. */
  readonly mapExtra: string | null;
  /** LIBBPF_PIN_NONE 0, LIBBPF_PIN_BY_NAME 1. */
  readonly pinning: number | null;
  readonly values: MapValues | null;
}

/** A map of the object: its symbol, its section, and what its definition says. */
export interface MapDefinition extends MapAttributes {
  /** Name of the ELF symbol: what libbpf and aya call the map. */
  readonly name: string;
  readonly section: string;
  readonly place: SourcePlace | null;
}
