/** What BPF_MAP_CREATE is told of a map (`union bpf_attr`): sizes in bytes, ids of the BTF that is given with it, 0 for none. */
export interface MapAttributes {
  /** `enum bpf_map_type`. */
  readonly type: number;
  readonly keySize: number;
  /** Of struct_ops, the object's own; loaders put the kernel's in its place. */
  readonly valueSize: number;
  /** 0 for a PERF_EVENT_ARRAY of libbpf's: as many as there are processors. */
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly mapExtra: bigint;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  /** Id of the kernel's own type that the values of struct_ops are of; its BTF is not known, so that any but 0 will do. */
  readonly kernelTypeId?: number;
  /** What the kernel is to call it, of which loaders give it the first 15 bytes; absent where it has no name, or one that is made to fit. */
  readonly kernelName?: string;
  /** Created first, as the model of what a map of maps holds; undefined where none is. */
  readonly inner: MapAttributes | undefined;
}

/** A map as a loader gives it to BPF_MAP_CREATE. */
export interface CreatedMap extends MapAttributes {
  /** Of data, the section's: what libbpf puts before it comes from the file's name. */
  readonly name: string;
  readonly inner: CreatedMap | undefined;
}
