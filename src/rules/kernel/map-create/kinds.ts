/** `enum bpf_map_type`. */
export const MAP_KIND = {
  hash: 1,
  array: 2,
  progArray: 3,
  perfEventArray: 4,
  percpuHash: 5,
  percpuArray: 6,
  stackTrace: 7,
  cgroupArray: 8,
  lruHash: 9,
  lruPercpuHash: 10,
  lpmTrie: 11,
  arrayOfMaps: 12,
  hashOfMaps: 13,
  devmap: 14,
  sockmap: 15,
  cpumap: 16,
  xskmap: 17,
  sockhash: 18,
  cgroupStorage: 19,
  reuseportSockarray: 20,
  percpuCgroupStorage: 21,
  queue: 22,
  stack: 23,
  skStorage: 24,
  devmapHash: 25,
  structOps: 26,
  ringbuf: 27,
  inodeStorage: 28,
  taskStorage: 29,
  bloomFilter: 30,
  userRingbuf: 31,
  cgrpStorage: 32,
  arena: 33,
  insnArray: 34,
  rhash: 35,
} as const;

/** Flags of BPF_MAP_CREATE (`BPF_F_…`). */
export const MAP_FLAG = {
  noPrealloc: 1 << 0,
  noCommonLru: 1 << 1,
  numaNode: 1 << 2,
  readOnly: 1 << 3,
  writeOnly: 1 << 4,
  stackBuildId: 1 << 5,
  zeroSeed: 1 << 6,
  readOnlyProg: 1 << 7,
  writeOnlyProg: 1 << 8,
  clone: 1 << 9,
  mmapable: 1 << 10,
  preserveElems: 1 << 11,
  innerMap: 1 << 12,
  link: 1 << 13,
  vtypeBtfObjFd: 1 << 15,
  tokenFd: 1 << 16,
  segvOnFault: 1 << 17,
  noUserConv: 1 << 18,
  rbOverwrite: 1 << 19,
} as const;

/** What user space may do with the map, and what programs may. */
export const ACCESS_FLAGS: number =
  MAP_FLAG.readOnly | MAP_FLAG.writeOnly | MAP_FLAG.readOnlyProg | MAP_FLAG.writeOnlyProg;
export const USER_ACCESS_FLAGS: number = MAP_FLAG.readOnly | MAP_FLAG.writeOnly;
export const PROGRAM_ACCESS_FLAGS: number = MAP_FLAG.readOnlyProg | MAP_FLAG.writeOnlyProg;
