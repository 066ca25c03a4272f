/** What is particular to a map type: facts of `map_create` and of each map's `map_check_btf` in the kernel (6.18). */
export interface MapKind {
  /** As bpftool prints it. */
  readonly name: string;
  /**
   * Which BTF ids BPF_MAP_CREATE takes: both, a value id alone, none because the kind has no key or value to describe, or none because
   * the kernel refuses any (ENOTSUPP) and loaders zero them.
   */
  readonly ids: "both" | "value" | "none" | "refused";
  /** Kinds without a key: key_size must be 0. */
  readonly keyless?: boolean;
  /** Kinds whose key, where it has an id, must be a 32-bit INT: no ENUM, no struct. */
  readonly intKey?: boolean;
  /** Kinds whose value_size must be 0 too. */
  readonly valueless?: boolean;
  /** Kinds whose values are maps or programs (`values`). */
  readonly values?: "maps" | "programs";
}

/** Index is `enum bpf_map_type` of include/uapi/linux/bpf.h. */
const MAP_KINDS: readonly MapKind[] = [
  { name: "unspec", ids: "both" },
  { name: "hash", ids: "both" },
  { name: "array", ids: "both", intKey: true },
  { name: "prog_array", ids: "both", values: "programs" },
  { name: "perf_event_array", ids: "refused" },
  { name: "percpu_hash", ids: "both" },
  { name: "percpu_array", ids: "both", intKey: true },
  { name: "stack_trace", ids: "refused" },
  { name: "cgroup_array", ids: "refused" },
  { name: "lru_hash", ids: "both" },
  { name: "lru_percpu_hash", ids: "both" },
  { name: "lpm_trie", ids: "both" },
  { name: "array_of_maps", ids: "refused", values: "maps" },
  { name: "hash_of_maps", ids: "refused", values: "maps" },
  { name: "devmap", ids: "refused" },
  { name: "sockmap", ids: "refused" },
  { name: "cpumap", ids: "refused" },
  { name: "xskmap", ids: "refused" },
  { name: "sockhash", ids: "refused" },
  { name: "cgroup_storage", ids: "both" },
  { name: "reuseport_sockarray", ids: "both" },
  { name: "percpu_cgroup_storage", ids: "both" },
  { name: "queue", ids: "none", keyless: true },
  { name: "stack", ids: "none", keyless: true },
  { name: "sk_storage", ids: "both", intKey: true },
  { name: "devmap_hash", ids: "refused" },
  { name: "struct_ops", ids: "both" },
  { name: "ringbuf", ids: "none", keyless: true, valueless: true },
  { name: "inode_storage", ids: "both", intKey: true },
  { name: "task_storage", ids: "both", intKey: true },
  { name: "bloom_filter", ids: "value", keyless: true },
  { name: "user_ringbuf", ids: "none", keyless: true, valueless: true },
  { name: "cgrp_storage", ids: "both", intKey: true },
  { name: "arena", ids: "none", keyless: true, valueless: true },
  // On 7.2 and 7.3, not on 6.18.
  { name: "insn_array", ids: "both", intKey: true },
  { name: "rhash", ids: "both" },
];

/** The highest `bpf_map_type` that a known kernel has (`__MAX_BPF_MAP_TYPE` of 7.2 and 7.3 is the next one). */
export function lastMapType(): number {
  return MAP_KINDS.length - 1;
}

/** The kind with this `bpf_map_type`; a kind that is not known takes both ids and is named by its number. */
export function mapKind(type: number | undefined): MapKind {
  if (type === undefined) return { name: "unspec", ids: "both" };
  return MAP_KINDS[type] ?? { name: `type ${type}`, ids: "both" };
}
