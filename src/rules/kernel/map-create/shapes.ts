/** What the kernel asks of each kind of map, in its order: before it looks for a token, and when it allocates. */
import { EINVAL, ENOTSUPP, hasRule, type KernelRelease } from "../rule.ts";
import { ACCESS_FLAGS, MAP_FLAG, MAP_KIND, PROGRAM_ACCESS_FLAGS, USER_ACCESS_FLAGS } from "./kinds.ts";
import * as limit from "./limits.ts";
import type { Check } from "./rule.ts";

/** How a kind looks at type ids after sizes and fields: none at all (-ENOTSUPP), only that there are both, or in its own way. */
export type TypeCheck =
  | "none"
  | "both"
  | "elements"
  | "array"
  | "trie"
  | "cgroup storage"
  | "int key"
  | "no key"
  | "any"
  | "instructions";

/** One kind of map. */
export interface Shape {
  /** First release that knows it; absent where all do. */
  readonly since?: KernelRelease;
  readonly check: readonly Check[];
  readonly alloc: readonly Check[];
  readonly types: TypeCheck;
  /** What it says of being the model of what a map of maps holds: nothing if it is fit. */
  readonly asInner?: number;
  readonly isOfMaps?: true;
}

const { noPrealloc, noCommonLru, numaNode, stackBuildId, zeroSeed, mmapable, preserveElems, innerMap } = MAP_FLAG;

const arrayOf = (flags: number, ...before: readonly Check[]): readonly Check[] => [
  ...before,
  limit.hasEntries,
  limit.keyIs(4),
  limit.hasValue,
  limit.flagsAre(numaNode | ACCESS_FLAGS | flags),
  limit.accessIsSound,
  ...limit.arrayValue,
];

const ofDescriptors = (flags = 0): readonly Check[] =>
  arrayOf(flags, limit.valueIs(4), limit.flagsAreNot(PROGRAM_ACCESS_FLAGS));

const hashFlags = limit.flagsAre(noPrealloc | noCommonLru | numaNode | ACCESS_FLAGS | zeroSeed);

const elementsOf: readonly Check[] = [limit.hasEntries, limit.hasKey, limit.hasValue, ...limit.elementIsAllocated];

const hash: readonly Check[] = [hashFlags, limit.accessIsSound, limit.flagsAreNot(noCommonLru), ...elementsOf];
const percpuHash: readonly Check[] = [
  hashFlags,
  limit.accessIsSound,
  limit.flagsAreNot(noCommonLru),
  limit.hasNoNode,
  ...elementsOf,
  limit.processorValue,
];
const lru: readonly Check[] = [
  hashFlags,
  limit.accessIsSound,
  limit.isAllocatedAtOnce,
  limit.listHasNoNode,
  ...elementsOf,
];
const percpuLru: readonly Check[] = [
  hashFlags,
  limit.accessIsSound,
  limit.isAllocatedAtOnce,
  limit.hasNoNode,
  ...elementsOf,
  limit.processorValue,
];
const buckets: Check = limit.entriesAreAtMost(limit.MOST_ALLOCATED_BUCKETS);
const fewBuckets: Check = limit.entriesAreAtMost(limit.MOST_BUCKETS);

const queue: readonly Check[] = [
  limit.hasEntries,
  limit.keyIs(0),
  limit.hasValue,
  limit.flagsAre(numaNode | ACCESS_FLAGS),
  limit.accessIsSound,
  limit.valueIsAllocated,
  limit.queueFits,
];

const devices: readonly Check[] = [
  limit.hasEntries,
  limit.keyIs(4),
  limit.valueIs(4, 8),
  limit.flagsAre(numaNode | USER_ACCESS_FLAGS),
];

const sockets: readonly Check[] = [limit.hasEntries, limit.valueIs(4, 8), limit.flagsAre(numaNode | USER_ACCESS_FLAGS)];

const cgroupStorage = (...values: readonly Check[]): readonly Check[] => [
  limit.keyIs(8, 16),
  limit.hasValue,
  ...values,
  limit.valueIsStored,
  limit.valueIsStoredIn5_10,
  limit.flagsAre(numaNode | ACCESS_FLAGS),
  limit.accessIsSound,
  limit.hasNoEntries,
];

const localStorage: Shape = {
  check: [
    limit.flagsAre(noPrealloc | MAP_FLAG.clone),
    limit.needsFlag(noPrealloc),
    limit.hasNoEntries,
    limit.keyIs(4),
    limit.hasValue,
    limit.hasTypeIds,
    limit.valueIsStored,
  ],
  alloc: [],
  types: "int key",
};

const ring = (...flags: readonly Check[]): readonly Check[] => [
  ...flags,
  limit.keyIs(0),
  limit.valueIs(0),
  limit.entriesArePages,
];

const SHAPES: Readonly<Record<number, Shape>> = {
  [MAP_KIND.hash]: { check: hash, alloc: [buckets, limit.elementsAreCharged], types: "elements" },
  [MAP_KIND.array]: { check: arrayOf(mmapable | innerMap), alloc: [limit.arrayIsCharged], types: "array" },
  [MAP_KIND.progArray]: { check: ofDescriptors(), alloc: [], types: "both", asInner: ENOTSUPP },
  [MAP_KIND.perfEventArray]: { check: ofDescriptors(preserveElems), alloc: [], types: "none" },
  [MAP_KIND.percpuHash]: { check: percpuHash, alloc: [buckets, limit.processorValueIn5_10], types: "elements" },
  [MAP_KIND.percpuArray]: {
    check: [...arrayOf(0), limit.hasNoNode, limit.processorValue],
    alloc: [limit.processorValueIn5_10],
    types: "array",
  },
  [MAP_KIND.stackTrace]: {
    check: [],
    alloc: [
      limit.flagsAre(numaNode | USER_ACCESS_FLAGS | stackBuildId),
      limit.hasEntries,
      limit.keyIs(4),
      limit.valueIsStack,
      fewBuckets,
    ],
    types: "none",
  },
  [MAP_KIND.cgroupArray]: { check: ofDescriptors(), alloc: [], types: "none" },
  [MAP_KIND.lruHash]: { check: lru, alloc: [buckets, limit.elementsAreCharged], types: "elements" },
  [MAP_KIND.lruPercpuHash]: { check: percpuLru, alloc: [buckets, limit.processorValueIn5_10], types: "elements" },
  [MAP_KIND.lpmTrie]: {
    check: [],
    alloc: [
      limit.hasEntries,
      limit.needsFlag(noPrealloc),
      limit.flagsAre(noPrealloc | numaNode | ACCESS_FLAGS),
      limit.accessIsSound,
      limit.keyIsBetween(5, 260),
      limit.hasValue,
      ...limit.trieValue,
      limit.nodesAreCharged,
    ],
    types: "trie",
  },
  [MAP_KIND.arrayOfMaps]: { check: ofDescriptors(), alloc: [], types: "none", isOfMaps: true },
  [MAP_KIND.hashOfMaps]: { check: [limit.valueIs(4), ...hash], alloc: [buckets], types: "none", isOfMaps: true },
  [MAP_KIND.devmap]: { check: devices, alloc: [], types: "none" },
  [MAP_KIND.sockmap]: { check: [], alloc: [...sockets, limit.keyIs(4), ...limit.entriesFitIntoInt], types: "none" },
  [MAP_KIND.cpumap]: {
    check: [],
    alloc: [limit.hasEntries, limit.keyIs(4), limit.valueIs(4, 8), limit.flagsAre(numaNode), limit.processors],
    types: "none",
  },
  [MAP_KIND.xskmap]: {
    check: [],
    alloc: [limit.hasEntries, limit.keyIs(4), limit.valueIs(4), limit.flagsAre(numaNode | USER_ACCESS_FLAGS)],
    types: "none",
  },
  [MAP_KIND.sockhash]: {
    check: [],
    alloc: [
      ...sockets,
      limit.hasKey,
      limit.keyIsAtMost(512),
      limit.entriesAreAtMost(limit.MOST_ALLOCATED_BUCKETS, { errno: EINVAL }),
    ],
    types: "none",
  },
  [MAP_KIND.cgroupStorage]: { check: [], alloc: cgroupStorage(), types: "cgroup storage", asInner: ENOTSUPP },
  [MAP_KIND.reuseportSockarray]: { check: arrayOf(0, limit.valueIs(4, 8)), alloc: [], types: "both" },
  [MAP_KIND.percpuCgroupStorage]: {
    check: [],
    alloc: cgroupStorage(limit.storedProcessorValue),
    types: "cgroup storage",
    asInner: ENOTSUPP,
  },
  [MAP_KIND.queue]: { check: queue, alloc: [], types: "both" },
  [MAP_KIND.stack]: { check: queue, alloc: [], types: "both" },
  [MAP_KIND.skStorage]: localStorage,
  [MAP_KIND.devmapHash]: {
    check: [...devices, limit.entriesAreAtMost(limit.MOST_BUCKETS, { errno: EINVAL })],
    alloc: [],
    types: "none",
  },
  [MAP_KIND.structOps]: {
    check: [
      limit.keyIs(4),
      limit.entriesAre(1),
      limit.flagsAre(0, { until: "6.1" }),
      limit.flagsAre(MAP_FLAG.link | MAP_FLAG.vtypeBtfObjFd, { since: "6.12" }),
      limit.namesKernelType,
    ],
    alloc: [],
    types: "both",
    asInner: ENOTSUPP,
  },
  [MAP_KIND.ringbuf]: {
    check: [],
    alloc: ring(
      limit.flagsAre(numaNode, { until: "6.18" }),
      limit.flagsAre(numaNode | MAP_FLAG.rbOverwrite, { since: "7.2" }),
    ),
    types: "both",
  },
  [MAP_KIND.inodeStorage]: localStorage,
  [MAP_KIND.taskStorage]: { ...localStorage, since: "6.1" },
  [MAP_KIND.bloomFilter]: {
    since: "6.1",
    check: [limit.valueIsAllocated],
    alloc: [
      limit.keyIs(0),
      limit.hasValue,
      limit.hasEntries,
      limit.flagsAre(numaNode | zeroSeed | ACCESS_FLAGS),
      limit.accessIsSound,
      limit.bloomFunctions,
    ],
    types: "no key",
  },
  [MAP_KIND.userRingbuf]: { since: "6.1", check: [], alloc: ring(limit.flagsAre(numaNode)), types: "both" },
  [MAP_KIND.cgrpStorage]: { ...localStorage, since: "6.12" },
  [MAP_KIND.arena]: {
    since: "6.12",
    check: [],
    alloc: [
      limit.keyIs(0),
      limit.valueIs(0),
      limit.hasEntries,
      limit.needsFlag(mmapable),
      limit.flagsAre(mmapable | MAP_FLAG.segvOnFault | MAP_FLAG.noUserConv),
      limit.arenaStart,
      limit.arenaFits,
      limit.arenaIsInOnePlace,
    ],
    types: "any",
  },
  [MAP_KIND.insnArray]: {
    since: "7.2",
    check: [limit.hasEntries, limit.keyIs(4), limit.valueIs(16), limit.flagsAre(0)],
    alloc: [],
    types: "instructions",
    asInner: ENOTSUPP,
  },
  [MAP_KIND.rhash]: {
    since: "7.2",
    check: [
      limit.needsFlag(noPrealloc),
      limit.flagsAreNot(zeroSeed),
      limit.keyIsShort,
      limit.hintIsWord,
      limit.hintIsAtMost,
      limit.hintIsOfEntries,
      ...hash,
    ],
    alloc: [fewBuckets],
    types: "elements",
  },
};

/** The kind of that number; undefined where the release knows none. */
export function shapeOf(type: number, release: KernelRelease): Shape | undefined {
  const shape = SHAPES[type];
  if (shape === undefined) return undefined;
  return hasRule(release, shape) ? shape : undefined;
}
