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
  noPrealloc: 0x1,
  noCommonLru: 0x2,
  numaNode: 0x4,
  readOnly: 0x8,
  writeOnly: 0x10,
  stackBuildId: 0x20,
  zeroSeed: 0x40,
  readOnlyProg: 0x80,
  writeOnlyProg: 0x100,
  clone: 0x200,
  mmapable: 0x400,
  preserveElems: 0x800,
  innerMap: 0x1000,
  link: 0x2000,
  vtypeBtfObjFd: 0x8000,
  tokenFd: 0x1_0000,
  segvOnFault: 0x2_0000,
  noUserConv: 0x4_0000,
  rbOverwrite: 0x8_0000,
} as const;

/** What user space may do with the map, and what programs may. */
export const ACCESS_FLAGS: number =
  MAP_FLAG.readOnly | MAP_FLAG.writeOnly | MAP_FLAG.readOnlyProg | MAP_FLAG.writeOnlyProg;
export const USER_ACCESS_FLAGS: number = MAP_FLAG.readOnly | MAP_FLAG.writeOnly;
export const PROGRAM_ACCESS_FLAGS: number = MAP_FLAG.readOnlyProg | MAP_FLAG.writeOnlyProg;
