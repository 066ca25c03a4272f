import type { MapAttributes } from "../../../src/rules/kernel/map-create/attributes.ts";
import { MAP_FLAG, MAP_KIND } from "../../../src/rules/kernel/map-create/kinds.ts";
import { Draft, KIND } from "../kernel/draft.ts";
import { specialStruct } from "../kernel/special-cases.ts";
import { soundMap } from "./random-map.ts";

const draft = new Draft();
// The first of each name is what BPF_BTF_LOAD looks for; those that follow only BPF_MAP_CREATE sees.
const known = { lock: specialStruct(draft, "bpf_spin_lock", 4), node: specialStruct(draft, "bpf_list_node", 24) };
const int = draft.int(4);
const long = draft.int(8);
const pair = draft.struct("pair", 8, [["a", int, 0]]);
const empty = draft.struct("empty", 0, []);
const data = draft.add(KIND.datasec, {
  name: ".data",
  word: 4,
  words: [draft.add(KIND.var, { name: "v", word: int, words: [1] }), 0, 4],
  vlen: 1,
});
const cgroupKey = draft.struct("cgroup_key", 16, [
  ["inode", long, 0],
  ["type", int, 64],
]);
const shortKey = draft.struct("short_key", 16, [
  ["inode", int, 0],
  ["type", int, 64],
]);
const locked = draft.struct("locked", 4, [["l", known.lock, 0]]);
const timed = draft.struct("timed", 16, [["t", specialStruct(draft, "bpf_timer", 16), 0]]);

function userPointer(size: number): number {
  const target = draft.struct(`target${size}`, size, []);
  const pointer = draft.add(KIND.ptr, { word: draft.add(KIND.typeTag, { name: "uptr", word: target }) });
  return draft.struct(`holder${size}`, 8, [["p", pointer, 0]]);
}
const toPage = userPointer(4096);
const toMore = userPointer(4097);

/** A lock and a list of items, whose node is `node`. */
function list(node: number, name: string): number {
  const item = `${name}_item`;
  draft.struct(item, 24, [["n", node, 0]]);
  const owner = draft.struct(name, 24, [
    ["l", specialStruct(draft, "bpf_spin_lock", 4), 0],
    ["h", specialStruct(draft, "bpf_list_head", 16), 64],
  ]);
  draft.add(KIND.declTag, { name: `contains:${item}:n`, word: owner, words: [1] });
  return owner;
}
// Before any head that follows, so that none of those is the first.
specialStruct(draft, "bpf_list_head", 16);
const knownList = list(known.node, "known_list");
const unknownList = list(specialStruct(draft, "bpf_list_node", 24), "unknown_list");

/** BTF whose types the cases name. */
export const CASES_BTF: Uint8Array = draft.blob();

type Change = Partial<MapAttributes>;
/** A broken map, and one beside it that is not. */
export type MapCase = readonly [broken: MapAttributes, fine: MapAttributes];

const of = (kind: keyof typeof MAP_KIND, change: Change = {}): MapAttributes => ({
  ...soundMap(MAP_KIND[kind]),
  ...change,
});
const both = (kind: keyof typeof MAP_KIND, broken: Change, fine: Change = {}): MapCase => [
  of(kind, broken),
  of(kind, fine),
];
const ids = (keyTypeId: number, valueTypeId: number): Change => ({ keyTypeId, valueTypeId });
const { noPrealloc, numaNode, readOnly, writeOnly, readOnlyProg, writeOnlyProg, mmapable, tokenFd } = MAP_FLAG;
const STORED: Change = { maxEntries: 0, mapFlags: noPrealloc };
const LARGEST = 4 << 20;

/** For each rule maps that break it and no rule before it, and their neighbours. */
export const MAP_CASES: Readonly<Record<string, readonly MapCase[]>> = {
  "KC-01": [both("hash", ids(int, 0), ids(int, int))],
  "KC-03": [both("hash", { mapExtra: 1n }), both("ringbuf", { mapExtra: 4096n })],
  "KC-04": [both("array", { mapFlags: readOnly | writeOnly }, { mapFlags: readOnly })],
  "KC-05": [
    [{ ...of("hash"), type: 0 }, of("hash")],
    [{ ...of("hash"), type: 40 }, of("array")],
  ],
  "KC-06": [
    both("array", { mapFlags: noPrealloc }),
    both("percpuArray", { mapFlags: mmapable }),
    both("progArray", { mapFlags: readOnlyProg }, { mapFlags: readOnly }),
    both("ringbuf", { mapFlags: readOnly }, { mapFlags: numaNode }),
  ],
  "KC-07": [both("hash", { mapFlags: readOnlyProg | writeOnlyProg }, { mapFlags: writeOnlyProg })],
  "KC-08": [both("lpmTrie", { mapFlags: 0 }), both("arena", { mapFlags: 0 })],
  "KC-09": [
    both("percpuArray", { mapFlags: numaNode }),
    [of("percpuHash", { mapFlags: numaNode }), of("hash", { mapFlags: numaNode })],
  ],
  "KC-10": [[of("lruHash", { mapFlags: noPrealloc }), of("hash", { mapFlags: noPrealloc })]],
  "KC-11": [
    both("array", { keySize: 8 }),
    both("hash", { keySize: 0 }),
    both("queue", { keySize: 4 }),
    both("lpmTrie", { keySize: 261 }, { keySize: 260 }),
    both("cgroupStorage", { keySize: 4 }, { keySize: 16 }),
  ],
  "KC-12": [
    both("progArray", { valueSize: 8 }),
    both("devmap", { valueSize: 16 }, { valueSize: 8 }),
    both("stackTrace", { valueSize: 1024 }, { valueSize: 1016 }),
    both("stackTrace", { valueSize: 12 }),
    both("ringbuf", { valueSize: 4 }),
    both("lpmTrie", { valueSize: LARGEST }),
    both("hash", { valueSize: 0 }),
  ],
  "KC-13": [
    both("hash", { maxEntries: 0 }),
    both("ringbuf", { maxEntries: 12_288 }, { maxEntries: 8192 }),
    both("cgroupStorage", { maxEntries: 1 }),
  ],
  "KC-14": [
    both("hash", { valueSize: LARGEST - 52 }, { valueSize: LARGEST - 53 }),
    both("hash", { keySize: LARGEST - 52 }, { keySize: LARGEST - 53 }),
    both("array", { valueSize: 2 ** 31 }),
    both("queue", { valueSize: LARGEST + 1 }, { valueSize: LARGEST }),
    both("bloomFilter", { valueSize: LARGEST + 1 }, { valueSize: LARGEST }),
    both("cgroupStorage", { valueSize: 65_408 }, { valueSize: 65_407 }),
    both("sockhash", { keySize: 513 }, { keySize: 512 }),
    both("taskStorage", { ...ids(int, int), valueSize: 65_408 }, ids(int, int)),
  ],
  "KC-15": [
    both("percpuArray", { valueSize: 32_769 }, { valueSize: 32_768 }),
    both("percpuHash", { valueSize: 32_769 }, { valueSize: 32_768 }),
    both("lruPercpuHash", { valueSize: 32_769 }, { valueSize: 32_768 }),
    both("percpuCgroupStorage", { valueSize: 32_769 }, { valueSize: 32_768 }),
  ],
  "KC-16": [
    both("hash", { maxEntries: 2 ** 27 + 1, mapFlags: noPrealloc }),
    both("cpumap", { maxEntries: 8193 }, { maxEntries: 2 }),
    both("arena", { maxEntries: 2 ** 20 + 1 }, { maxEntries: 2 ** 20 }),
    both("stackTrace", { maxEntries: 2 ** 31 + 1 }),
  ],
  "KC-17": [both("arena", { maxEntries: 2, mapExtra: 0xffff_f000n }, { maxEntries: 1, mapExtra: 0xffff_f000n })],
  "KC-18": [
    both("bloomFilter", { mapExtra: 16n }, { mapExtra: 15n }),
    both("arena", { mapExtra: 1n }, { mapExtra: 4096n }),
  ],
  "KC-19": [both("taskStorage", {}, ids(int, int)), both("skStorage", ids(0, int), ids(int, int))],
  "KC-20": [[of("structOps"), of("array")]],
  "KC-21": [both("hash", { mapFlags: tokenFd })],
  "KC-22": [
    both("arrayOfMaps", { inner: of("array", { keySize: 8 }) }),
    both("hashOfMaps", { inner: of("arrayOfMaps") }, { inner: of("lruHash") }),
  ],
  "KC-23": [
    both("arrayOfMaps", { inner: of("progArray") }, { inner: of("perfEventArray") }),
    both("hashOfMaps", { inner: of("cgroupStorage") }, { inner: of("ringbuf") }),
  ],
  "KC-24": [
    both("hash", { ...ids(int, int), keySize: 8 }, { ...ids(pair, int), keySize: 8 }),
    both("hash", ids(9999, int), ids(int, int)),
  ],
  "KC-25": [
    both("hash", ids(0, int), ids(int, int)),
    both("array", ids(0, int), ids(0, data)),
    [of("lpmTrie", { ...ids(0, int) }), of("lpmTrie", { ...ids(pair, int) })],
    both("percpuArray", ids(0, data), ids(int, data)),
  ],
  "KC-26": [both("array", ids(int, pair), ids(int, locked)), both("ringbuf", ids(empty, int), ids(empty, empty))],
  "KC-27": [
    ...(["perfEventArray", "arrayOfMaps", "cgroupArray", "sockmap", "cpumap", "xskmap", "hashOfMaps"] as const).map(
      (kind) => both(kind, ids(int, int)),
    ),
    [of("devmap", ids(int, int)), of("reuseportSockarray", ids(int, int))],
  ],
  "KC-28": [
    both("array", ids(data, int), ids(int, int)),
    both("lpmTrie", ids(long, int), ids(pair, int)),
    both("cgroupStorage", ids(pair, int), ids(long, int)),
    [of("percpuCgroupStorage", ids(shortKey, int)), of("percpuCgroupStorage", ids(cgroupKey, int))],
    both("bloomFilter", ids(empty, int), ids(0, int)),
    both("taskStorage", ids(locked, int), ids(int, int)),
  ],
  "KC-29": [
    both("hash", { ...ids(int, locked), mapFlags: readOnlyProg }, ids(int, locked)),
    both(
      "array",
      { ...ids(int, timed), valueSize: 16, mapFlags: writeOnlyProg },
      { ...ids(int, timed), valueSize: 16 },
    ),
    [of("devmap", ids(int, locked)), of("array", { ...ids(int, int), mapFlags: readOnlyProg })],
  ],
  "KC-30": [
    [of("lruHash", ids(int, locked)), of("hash", ids(int, locked))],
    [of("percpuArray", { ...ids(int, timed), valueSize: 16 }), of("lruHash", { ...ids(int, timed), valueSize: 16 })],
    [
      of("taskStorage", { ...ids(int, knownList), valueSize: 24 }),
      of("array", { ...ids(int, knownList), valueSize: 24 }),
    ],
    [of("hash", { ...ids(int, toPage), valueSize: 8 }), of("taskStorage", { ...ids(int, toPage), valueSize: 8 })],
  ],
  "KC-31": [both("array", { ...ids(int, unknownList), valueSize: 24 }, { ...ids(int, knownList), valueSize: 24 })],
  "KC-32": [
    both("taskStorage", { ...ids(int, toMore), valueSize: 8, ...STORED }, { ...ids(int, toPage), valueSize: 8 }),
  ],
};
