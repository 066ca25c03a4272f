/** Rules about the sizes, numbers and flags of maps, and the looks at them of which the kinds are made (`map_alloc_check`, `map_alloc`). */
import { E2BIG, EINVAL, ENOTSUPP, type KernelRule } from "../rule.ts";
import type { MapAttributes } from "./attributes.ts";
import { MAP_FLAG, PROGRAM_ACCESS_FLAGS } from "./kinds.ts";
import { type Check, check, mapRule } from "./rule.ts";

const ERANGE = 34;
const ENOMEM = 12;

const KC_06 = mapRule("KC-06", "Its kind knows the map's flags.", "*.c map_alloc_check, map_alloc");
const KC_07 = mapRule("KC-07", "Programs may read the map or write it.", "include/linux/bpf.h bpf_map_flags_access_ok");
const KC_08 = mapRule("KC-08", "Flags that the kind needs are there.", "*.c map_alloc_check, map_alloc");
const KC_09 = mapRule("KC-09", "Values of each processor have no node of memory.", "*.c map_alloc_check");
const KC_10 = mapRule("KC-10", "An LRU map is allocated at once.", "hashtab.c htab_map_alloc_check", {
  errno: ENOTSUPP,
});
const KC_11 = mapRule("KC-11", "The key has a size that the kind takes.", "*.c map_alloc_check, map_alloc");
const KC_12 = mapRule("KC-12", "The value has a size that the kind takes.", "*.c map_alloc_check, map_alloc");
const KC_13 = mapRule(
  "KC-13",
  "A number of entries is given where the kind has one, and else none.",
  "*.c map_alloc_check",
);
const KC_14 = mapRule("KC-14", "Key and value fit into what the kernel can allocate.", "*.c map_alloc_check", {
  errno: E2BIG,
});
const KC_15 = mapRule("KC-15", "A value of each processor has at most 32,768 bytes.", "*.c map_alloc_check", {
  errno: E2BIG,
});
const KC_16 = mapRule("KC-16", "There are not more entries than the kind can have.", "*.c map_alloc_check, map_alloc", {
  errno: E2BIG,
});
const KC_17 = mapRule("KC-17", "An arena crosses no 4 GiB boundary of user space.", "arena.c arena_map_alloc", {
  errno: ERANGE,
  since: "6.12",
});
const KC_18 = mapRule("KC-18", "map_extra is what the kind takes.", "*.c map_alloc_check, map_alloc", { since: "6.1" });
const KC_19 = mapRule(
  "KC-19",
  "Maps in the storage of sockets, inodes, tasks and cgroups have both type ids.",
  "bpf_local_storage.c bpf_local_storage_map_alloc_check",
);
const KC_20 = mapRule(
  "KC-20",
  "A map of struct_ops names the kernel's type.",
  "bpf_struct_ops.c bpf_struct_ops_map_alloc_check",
);
const KC_33 = mapRule("KC-33", "What a map can come to hold is less than 4 GiB.", "syscall.c bpf_map_charge_init", {
  errno: E2BIG,
  until: "5.10",
});

export const limitRules: readonly KernelRule[] = [
  KC_06,
  KC_07,
  KC_08,
  KC_09,
  KC_10,
  KC_11,
  KC_12,
  KC_13,
  KC_14,
  KC_15,
  KC_16,
  KC_17,
  KC_18,
  KC_19,
  KC_20,
  KC_33,
];

type Release = Partial<Pick<Check, "since" | "until" | "errno">>;

/** KMALLOC_MAX_SIZE of the kernels that were asked: 4 MiB. */
const LARGEST = 4 << 20;
/** MAX_BPF_STACK. */
const STACK = 512;
/** `struct htab_elem`, and `struct lpm_trie_node` before and since it has no place for RCU. */
const HASH_ELEMENT = 48;
const TRIE_NODE = 40;
const TRIE_NODE_6_18 = 24;
const TRIE_DATA = 256;
/** PCPU_MIN_UNIT_SIZE. */
const PROCESSOR = 32_768;
const PAGE = 4096;
const U32_MAX = 0xffff_ffff;
const U16_MAX = 0xffff;
const INT_MAX = 0x7fff_ffff;
/** BPF_LOCAL_STORAGE_MAX_VALUE_SIZE: 64 KiB less the kernel's own. */
const LARGEST_STORED = 65_407;

export function flagsAre(known: number, more: Release = {}): Check {
  return check(KC_06, ({ mapFlags }) => (mapFlags & ~known) !== 0, more);
}

export function flagsAreNot(flags: number): Check {
  return check(KC_06, ({ mapFlags }) => (mapFlags & flags) !== 0);
}

export const accessIsSound: Check = check(
  KC_07,
  ({ mapFlags }) => (mapFlags & PROGRAM_ACCESS_FLAGS) === PROGRAM_ACCESS_FLAGS,
);

export function needsFlag(flag: number): Check {
  return check(KC_08, ({ mapFlags }) => (mapFlags & flag) === 0);
}

export const hasNoNode: Check = check(KC_09, ({ mapFlags }) => (mapFlags & MAP_FLAG.numaNode) !== 0);

/** An LRU list of each processor is one too. */
export const listHasNoNode: Check = check(
  KC_09,
  ({ mapFlags }) => (mapFlags & MAP_FLAG.numaNode) !== 0 && (mapFlags & MAP_FLAG.noCommonLru) !== 0,
);

export const isAllocatedAtOnce: Check = check(KC_10, ({ mapFlags }) => (mapFlags & MAP_FLAG.noPrealloc) !== 0);

export function keyIs(...sizes: readonly number[]): Check {
  return check(KC_11, ({ keySize }) => !sizes.includes(keySize));
}

export const hasKey: Check = check(KC_11, ({ keySize }) => keySize === 0);

export function keyIsBetween(least: number, most: number): Check {
  return check(KC_11, ({ keySize }) => keySize < least || keySize > most);
}

export function keyIsAtMost(most: number, more: Release = {}): Check {
  return check(KC_14, ({ keySize }) => keySize > most, more);
}

export function valueIs(...sizes: readonly number[]): Check {
  return check(KC_12, ({ valueSize }) => !sizes.includes(valueSize));
}

export const hasValue: Check = check(KC_12, ({ valueSize }) => valueSize === 0);

/** The addresses of a stack, at most sysctl kernel.perf_event_max_stack, which is 127; or their places in files. */
export const valueIsStack: Check = check(KC_12, ({ valueSize, mapFlags }) => {
  const size = (mapFlags & MAP_FLAG.stackBuildId) === 0 ? 8 : 32;
  return valueSize < 8 || valueSize % size !== 0 || valueSize / size > 127;
});

export const hasEntries: Check = check(KC_13, ({ maxEntries }) => maxEntries === 0);
export const hasNoEntries: Check = check(KC_13, ({ maxEntries }) => maxEntries !== 0);

export function entriesAre(count: number): Check {
  return check(KC_13, ({ maxEntries }) => maxEntries !== count);
}

/** Powers of two of pages. */
export const entriesArePages: Check = check(
  KC_13,
  ({ maxEntries }) => maxEntries < PAGE || !Number.isInteger(Math.log2(maxEntries)),
);

/** The same limit with another errno. */
export function entriesAreAtMost(most: number, more: Release = {}): Check {
  return check(KC_16, ({ maxEntries }) => maxEntries > most, more);
}

/** 6.12.117 has it from 7.2; 6.18.44 was not asked, since it may take the memory. */
export const entriesFitIntoInt: readonly Check[] = [
  entriesAreAtMost(INT_MAX, { errno: EINVAL, since: "6.12", until: "6.12" }),
  entriesAreAtMost(INT_MAX, { errno: EINVAL, since: "7.2" }),
];

/** NR_CPUS, which is the configuration's: as distributions have it. */
export const processors: Check = entriesAreAtMost(8192);

/** Numbers of entries whose next power of two is the number of buckets, and of those that the kernel can count in bytes. */
export const MOST_BUCKETS: number = 2 ** 31;
export const MOST_ALLOCATED_BUCKETS: number = 2 ** 27;

export function valueIsAtMost(most: number, more: Release = {}): Check {
  return check(KC_14, ({ valueSize }) => valueSize > most, more);
}

export const valueIsAllocated: Check = valueIsAtMost(LARGEST);
export const valueIsStored: Check = valueIsAtMost(LARGEST_STORED);
export const valueIsStoredIn5_10: Check = valueIsAtMost(PAGE, { until: "5.10" });

export const arrayValue: readonly Check[] = [valueIsAtMost(LARGEST, { until: "5.10" }), valueIsAtMost(INT_MAX)];

export const elementIsAllocated: readonly Check[] = [
  keyIsAtMost(STACK, { until: "5.10" }),
  valueIsAtMost(LARGEST - STACK - HASH_ELEMENT - 1, { until: "5.10" }),
  // Later ones, within which those of 5.10 lie.
  check(KC_14, ({ keySize, valueSize }) => keySize + valueSize >= LARGEST - HASH_ELEMENT),
];

export const trieValue: readonly Check[] = [
  check(KC_12, ({ valueSize }) => valueSize > LARGEST - TRIE_DATA - TRIE_NODE, { until: "6.12" }),
  check(KC_12, ({ valueSize }) => valueSize > LARGEST - TRIE_DATA - TRIE_NODE_6_18),
];

const isLargerThanProcessor = ({ valueSize }: MapAttributes): boolean => Math.ceil(valueSize / 8) * 8 > PROCESSOR;

export const processorValue: Check = check(KC_15, isLargerThanProcessor, { since: "6.1" });
/** Where nothing looks, the memory is not to be had. */
export const processorValueIn5_10: Check = check(
  KC_15,
  (map) => (map.mapFlags & MAP_FLAG.noPrealloc) === 0 && isLargerThanProcessor(map),
  { until: "5.10", errno: ENOMEM },
);
export const storedProcessorValue: Check = check(KC_15, ({ valueSize }) => valueSize > PROCESSOR);

/** Of 6.12.117; not even 7.3-rc7 has it. */
export const queueFits: Check = check(
  KC_16,
  ({ maxEntries, valueSize }) => maxEntries >= Math.floor(U32_MAX / valueSize),
  { since: "6.12", until: "6.12" },
);

export const arenaFits: Check = check(KC_16, ({ maxEntries }) => maxEntries * PAGE > 2 ** 32);

export const arenaStart: Check = check(KC_18, ({ mapExtra }) => mapExtra % BigInt(PAGE) !== 0n);
export const arenaIsInOnePlace: Check = check(KC_17, ({ mapExtra, maxEntries }) => {
  const last = BigInt.asUintN(64, mapExtra + BigInt(maxEntries * PAGE) - 1n);
  return mapExtra >> 32n !== last >> 32n;
});

/** More than this is not charged to anybody; about, since each map has some bytes of its own. */
const MOST_CHARGED = U32_MAX - PAGE;
const TRIE = 320;

const chargedFor = (bytes: (map: MapAttributes) => number): Check => check(KC_33, (map) => bytes(map) >= MOST_CHARGED);
const inWords = (size: number): number => Math.ceil(size / 8) * 8;

export const arrayIsCharged: Check = chargedFor(({ maxEntries, valueSize }) => maxEntries * inWords(valueSize));
export const elementsAreCharged: Check = chargedFor(
  ({ maxEntries, keySize, valueSize }) => maxEntries * (HASH_ELEMENT + inWords(keySize) + inWords(valueSize)),
);
export const nodesAreCharged: Check = chargedFor(
  ({ maxEntries, keySize, valueSize }) => TRIE + maxEntries * (TRIE_NODE + keySize - 4 + valueSize),
);

/** The number of hash functions. */
export const bloomFunctions: Check = check(KC_18, ({ mapExtra }) => mapExtra > 15n);

/** How many entries are expected: not more than there may be. */
export const hintIsWord: Check = check(KC_18, ({ mapExtra }) => mapExtra >> 32n !== 0n);
export const hintIsAtMost: Check = check(KC_18, ({ mapExtra }) => mapExtra > BigInt(U16_MAX), { errno: E2BIG });
export const hintIsOfEntries: Check = check(KC_18, ({ mapExtra, maxEntries }) => mapExtra > BigInt(maxEntries));
export const keyIsShort: Check = keyIsAtMost(U16_MAX);

/** A key without a value was refused before. */
export const hasTypeIds: Check = check(KC_19, ({ keyTypeId }) => keyTypeId === 0);
export const namesKernelType: Check = check(KC_20, ({ kernelTypeId = 0 }) => kernelTypeId === 0);
