/**
 * Where the type of a legacy map's key or value comes from.
 *
 * `parameter`: a type parameter of the Rust wrapper. `trie`: one with the prefix length of an LPM trie before it. `number`: an integer of
 * that size: an index, a descriptor. `cgroup`: the key that the kernel gives cgroup storages. `size`: nowhere, and the kernel takes no
 * types for the kind. `none`: the kind has no such thing.
 */
export type LegacyRole = "parameter" | "trie" | "number" | "cgroup" | "size" | "none";

/** Both roles of one kind of map. */
export interface LegacyRoles {
  readonly key: LegacyRole;
  readonly value: LegacyRole;
}

const PAIR: LegacyRoles = { key: "parameter", value: "parameter" };
const INDEXED: LegacyRoles = { key: "number", value: "parameter" };
const NUMBERS: LegacyRoles = { key: "number", value: "number" };
const SIZES: LegacyRoles = { key: "size", value: "size" };
const CGROUP: LegacyRoles = { key: "cgroup", value: "parameter" };
const KEYLESS: LegacyRoles = { key: "none", value: "parameter" };
const NOTHING: LegacyRoles = { key: "none", value: "none" };

/** Index is `enum bpf_map_type` of include/uapi/linux/bpf.h; what each kind's key and value are is in the wrappers of aya-ebpf. */
const ROLES: readonly (LegacyRoles | undefined)[] = [
  undefined,
  PAIR, // hash
  INDEXED, // array
  NUMBERS, // prog_array
  SIZES, // perf_event_array: T is what the records hold, not the values
  PAIR, // percpu_hash
  INDEXED, // percpu_array
  SIZES, // stack_trace
  SIZES, // cgroup_array
  PAIR, // lru_hash
  PAIR, // lru_percpu_hash
  { key: "trie", value: "parameter" },
  SIZES, // array_of_maps
  SIZES, // hash_of_maps
  SIZES, // devmap
  SIZES, // sockmap
  SIZES, // cpumap
  SIZES, // xskmap
  { key: "parameter", value: "size" }, // sockhash
  CGROUP, // cgroup_storage
  NUMBERS, // reuseport_sockarray
  CGROUP, // percpu_cgroup_storage
  KEYLESS, // queue
  KEYLESS, // stack
  INDEXED, // sk_storage
  SIZES, // devmap_hash
  SIZES, // struct_ops
  NOTHING, // ringbuf
  INDEXED, // inode_storage
  INDEXED, // task_storage
  KEYLESS, // bloom_filter
  NOTHING, // user_ringbuf
  INDEXED, // cgrp_storage
  NOTHING, // arena
];

/** Whether a `bpf_map_type` is known. */
export function isLegacyKind(type: number): boolean {
  return ROLES[type] !== undefined;
}

/** Roles of key and value of a `bpf_map_type`; sizes alone for one that is not known. */
export function legacyRoles(type: number): LegacyRoles {
  return ROLES[type] ?? SIZES;
}
