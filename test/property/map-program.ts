import fc from "fast-check";

/** How a map is declared: by a definition of pointers, as aya's `btf_maps` and libbpf do, or by `bpf_map_def` in section `maps`. */
export type Declaration = "btf" | "legacy";

/** One map of a generated program; every field is a dimension of the test. */
export interface MapShape {
  readonly declaration: Declaration;
  readonly kind: KindName;
  readonly key: KeyName;
  readonly value: ValueName;
  /** Newtypes around the definition; for legacy maps there is always one. */
  readonly depth: number;
  /** Interior mutability: it puts the map into a section that may be written. */
  readonly cell: boolean;
  /** Attributes beyond type, key, value and max_entries. */
  readonly attribute: "none" | "flags" | "pinned" | "extra";
  readonly binding: "exported" | "private" | "mutable";
  readonly name: "short" | "long" | "escaped";
}

/** A program: its maps, and what else of it the repairs must not lose. */
export interface Program {
  readonly maps: readonly MapShape[];
  readonly panics: boolean;
  readonly helper: "none" | "inlined" | "global" | "pair";
}

interface Kind {
  /** BPF_MAP_TYPE_*. */
  readonly type: number;
  /** aya's name of the wrapper, with the parameters it has. */
  readonly wrapper: string;
  readonly parameters: "KV" | "V" | "none";
  /** Which helper uses it. */
  readonly use: "lookup" | "push" | "ringbuf" | "perf" | "tail" | "redirect";
  readonly keySize?: number;
  readonly valueSize?: number;
  readonly flags?: number;
  /** Keys that the kind takes, if not all. */
  readonly keys?: readonly KeyName[];
}

/** BPF_F_NO_PREALLOC. */
export const NO_PREALLOC = 1;

/** Map kinds that XDP programs use; sizes where a kind has its own. */
export const KINDS = {
  hash: { type: 1, wrapper: "HashMap", parameters: "KV", use: "lookup" },
  array: { type: 2, wrapper: "Array", parameters: "V", use: "lookup", keySize: 4, keys: ["u32"] },
  progArray: { type: 3, wrapper: "ProgramArray", parameters: "none", use: "tail", keySize: 4, valueSize: 4 },
  perfEvents: { type: 4, wrapper: "PerfEventArray", parameters: "V", use: "perf", keySize: 4, valueSize: 4 },
  perCpuHash: { type: 5, wrapper: "PerCpuHashMap", parameters: "KV", use: "lookup" },
  perCpuArray: { type: 6, wrapper: "PerCpuArray", parameters: "V", use: "lookup", keySize: 4, keys: ["u32"] },
  lruHash: { type: 9, wrapper: "LruHashMap", parameters: "KV", use: "lookup" },
  lruPerCpuHash: { type: 10, wrapper: "LruPerCpuHashMap", parameters: "KV", use: "lookup" },
  lpmTrie: { type: 11, wrapper: "LpmTrie", parameters: "KV", use: "lookup", flags: NO_PREALLOC },
  devMap: { type: 14, wrapper: "DevMap", parameters: "none", use: "redirect", keySize: 4, valueSize: 8 },
  queue: { type: 22, wrapper: "Queue", parameters: "V", use: "push", keySize: 0 },
  stack: { type: 23, wrapper: "Stack", parameters: "V", use: "push", keySize: 0 },
  ringBuf: { type: 27, wrapper: "RingBuf", parameters: "none", use: "ringbuf", keySize: 0, valueSize: 0 },
  bloom: { type: 30, wrapper: "BloomFilter", parameters: "V", use: "push", keySize: 0 },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof KINDS;

/** Keys: scalars, and records of every layout that rustc makes. Their bytes may all be zero. */
export const KEYS = {
  u32: "u32",
  u64: "u64",
  char: "char",
  tuple: "(u8, u32)",
  packed: "Packed",
  plain: "Plain",
  reordered: "Reordered",
  generic: "Pair<u16, u32>",
  array: "[Plain; 2]",
  fieldless: "Mode",
} as const;

export type KeyName = keyof typeof KEYS;

/** Values, as keys, and those that only a value may be. */
export const VALUES = {
  u32: "u32",
  plain: "Plain",
  reordered: "Reordered",
  letters: "[char; 3]",
  tuple: "(u64, u8, char)",
  payload: "Event",
  option: "Option<core::num::NonZeroU16>",
  pointer: "Holder<&'static Plain>",
  nested: "Pair<Pair<Pair<u8, u16>, Reordered>, Holder<u64>>",
  long: "Pair<deeply::nested::module::Thing<u8>, deeply::nested::module::Thing<Pair<u64, [deeply::nested::module::Thing<u16>; 2]>>>",
  zeroSized: "Tagged<Plain>",
  umlaut: "Größe",
} as const;

export type ValueName = keyof typeof VALUES;

function oneOf<T extends string>(record: Readonly<Record<T, unknown>>): fc.Arbitrary<T> {
  return fc.constantFrom(...(Object.keys(record) as T[]));
}

const shape: fc.Arbitrary<MapShape> = fc.record({
  declaration: fc.constantFrom("btf", "legacy"),
  kind: oneOf(KINDS),
  key: oneOf(KEYS),
  value: oneOf(VALUES),
  depth: fc.integer({ min: 0, max: 3 }),
  cell: fc.boolean(),
  attribute: fc.constantFrom("none", "flags", "pinned", "extra"),
  binding: fc.constantFrom("exported", "private", "mutable"),
  name: fc.constantFrom("short", "long", "escaped"),
});

/** Programs of one to four maps; shrinks to one map with the first value of every dimension. */
export const program: fc.Arbitrary<Program> = fc.record({
  maps: fc.array(shape, { minLength: 1, maxLength: 4 }),
  panics: fc.boolean(),
  helper: fc.constantFrom("none", "inlined", "global", "pair"),
});
