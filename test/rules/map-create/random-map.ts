import type { MapAttributes } from "../../../src/rules/kernel/map-create/attributes.ts";
import { MAP_FLAG, MAP_KIND } from "../../../src/rules/kernel/map-create/kinds.ts";
import { hasRule, type KernelRelease } from "../../../src/rules/kernel/rule.ts";
import type { Random } from "../kernel/random.ts";
import type { NamedType, TypePool } from "./types.ts";

type Sizes = Partial<Pick<MapAttributes, "keySize" | "valueSize" | "maxEntries" | "mapFlags">>;

const PLAIN: MapAttributes = {
  type: MAP_KIND.array,
  keySize: 4,
  valueSize: 4,
  maxEntries: 1,
  mapFlags: 0,
  mapExtra: 0n,
  keyTypeId: 0,
  valueTypeId: 0,
  inner: undefined,
};
const { noPrealloc, mmapable } = MAP_FLAG;

const STORED: Sizes = { maxEntries: 0, mapFlags: noPrealloc };
const RING: Sizes = { keySize: 0, valueSize: 0, maxEntries: 4096 };

/** What a map of a kind must have besides a key and a value of 4 bytes, and one entry. */
const NEEDS: Readonly<Record<number, Sizes>> = {
  [MAP_KIND.stackTrace]: { valueSize: 8 },
  [MAP_KIND.lpmTrie]: { keySize: 8, mapFlags: noPrealloc },
  [MAP_KIND.cgroupStorage]: { keySize: 8, maxEntries: 0 },
  [MAP_KIND.percpuCgroupStorage]: { keySize: 16, maxEntries: 0 },
  [MAP_KIND.queue]: { keySize: 0 },
  [MAP_KIND.stack]: { keySize: 0 },
  [MAP_KIND.bloomFilter]: { keySize: 0 },
  [MAP_KIND.skStorage]: STORED,
  [MAP_KIND.inodeStorage]: STORED,
  [MAP_KIND.taskStorage]: STORED,
  [MAP_KIND.cgrpStorage]: STORED,
  [MAP_KIND.ringbuf]: RING,
  [MAP_KIND.userRingbuf]: RING,
  [MAP_KIND.arena]: { keySize: 0, valueSize: 0, mapFlags: mmapable },
  [MAP_KIND.insnArray]: { valueSize: 16 },
  [MAP_KIND.rhash]: { mapFlags: noPrealloc },
};

const KINDS = Object.values(MAP_KIND);
/** Of which there is most to be said, once more each. */
const INTERESTING = [
  MAP_KIND.hash,
  MAP_KIND.array,
  MAP_KIND.lruHash,
  MAP_KIND.percpuHash,
  MAP_KIND.percpuArray,
  MAP_KIND.lruPercpuHash,
  MAP_KIND.cgroupStorage,
  MAP_KIND.arrayOfMaps,
  MAP_KIND.hashOfMaps,
  MAP_KIND.hash,
  MAP_KIND.array,
];

/** A map of that kind that every kernel takes which knows it, without type ids. */
export function soundMap(type: number): MapAttributes {
  const inner = type === MAP_KIND.arrayOfMaps || type === MAP_KIND.hashOfMaps ? PLAIN : undefined;
  return { ...PLAIN, ...NEEDS[type], type, inner };
}

const LARGEST = 4 << 20;
/** Sizes of keys about which something changes. */
export const KEY_SIZES = [
  0,
  1,
  4,
  5,
  8,
  12,
  16,
  260,
  261,
  512,
  513,
  65_535,
  65_536,
  LARGEST - 53,
  LARGEST - 52,
  LARGEST,
  2 ** 32 - 1,
];
/** The same of values. */
export const VALUE_SIZES = [
  ...[0, 1, 4, 7, 8, 12, 16, 24, 32, 1016, 1024, 4064, 4096, 4097, 32_767, 32_768, 32_769, 65_407, 65_408],
  ...[LARGEST - 561, LARGEST - 560, LARGEST - 296, LARGEST - 295, LARGEST - 280, LARGEST - 279],
  ...[LARGEST - 53, LARGEST - 52, LARGEST - 49, LARGEST - 48, LARGEST, LARGEST + 1, 2 ** 31, 2 ** 32 - 1],
];
/** Numbers of entries that every machine has the memory for. */
export const ENTRIES = [0, 1, 2, 3, 255, 256, 4095, 4096, 8192, 12_288];
/** Numbers of entries that no kernel has memory for, where it counts before it asks for any. */
const MANY = [2 ** 27 + 1, 2 ** 30, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1];
const COUNTED: readonly number[] = [MAP_KIND.hash, MAP_KIND.lruHash, MAP_KIND.percpuHash, MAP_KIND.hashOfMaps];
const COUNTED_LATE: readonly number[] = [MAP_KIND.stackTrace, MAP_KIND.devmapHash];
const UNCOUNTED: readonly number[] = [MAP_KIND.lpmTrie, MAP_KIND.rhash];
/** What map_extra may be and not be. */
export const EXTRAS = [
  0n,
  1n,
  3n,
  15n,
  16n,
  4096n,
  65_535n,
  65_536n,
  0xffff_f000n,
  0x1_0000_0000n,
  0x7fff_ffff_f000n,
  2n ** 64n - 4096n,
];
const STORAGES: readonly number[] = [
  MAP_KIND.skStorage,
  MAP_KIND.inodeStorage,
  MAP_KIND.taskStorage,
  MAP_KIND.cgrpStorage,
];

const WITH_EXTRA: readonly number[] = [MAP_KIND.arena, MAP_KIND.bloomFilter, MAP_KIND.rhash];

/** The largest numbers of entries of a kind that no kernel takes memory for; none where it would. */
export function manyEntries(type: number, release: KernelRelease): readonly number[] {
  if (type === MAP_KIND.arena) return [2 ** 20, 2 ** 20 + 1];
  if (type === MAP_KIND.cpumap) return [8193, 2 ** 32 - 1];
  if (COUNTED.includes(type)) return MANY;
  if (UNCOUNTED.includes(type)) return [...MANY, 2 ** 20];
  if (COUNTED_LATE.includes(type) && hasRule(release, { since: "6.1" })) return [2 ** 31 + 1, 2 ** 32 - 1];
  // Only 6.12.117 looks at these two, or also its successors: others have the memory, or run out of it.
  if (type === MAP_KIND.queue && release === "6.12") return [2 ** 31];
  if (type === MAP_KIND.sockmap && ["6.12", "7.2", "7.3"].includes(release)) return [2 ** 31];
  return type === MAP_KIND.sockhash ? [2 ** 27 + 1, 2 ** 30] : [];
}

function entries(random: Random, type: number, release: KernelRelease): number {
  if (type === MAP_KIND.arena) return random.pick([0, 1, 2, 2 ** 20, 2 ** 20 + 1]);
  if (type === MAP_KIND.cpumap) return random.pick([0, 1, 2, 256, 8193, 2 ** 32 - 1]);
  const many = manyEntries(type, release);
  return many.length > 0 && random.chance(20) ? random.pick(many) : random.pick(ENTRIES);
}

function changed(map: MapAttributes, random: Random, release: KernelRelease): MapAttributes {
  const hasExtra = WITH_EXTRA.includes(map.type) ? 30 : 4;
  if (random.chance(hasExtra)) return { ...map, mapExtra: random.pick(EXTRAS) };
  switch (random.below(5)) {
    case 0:
      return { ...map, keySize: random.pick(KEY_SIZES) };
    case 1:
      return { ...map, valueSize: random.pick(VALUE_SIZES) };
    case 2:
      return { ...map, maxEntries: entries(random, map.type, release) };
    case 3:
      return { ...map, mapFlags: (map.mapFlags ^ (1 << random.below(random.chance(80) ? 20 : 32))) >>> 0 };
    default: {
      const all = [1 << 7, 1 << 8, (1 << 7) | (1 << 8), (1 << 3) | (1 << 4), 1 << 2, 1 << 1, 1];
      return { ...map, mapFlags: (map.mapFlags | random.pick(all)) >>> 0 };
    }
  }
}

/** Sizes whose product no machine of a test has. */
export function isModest({ type, keySize, valueSize, maxEntries }: MapAttributes): boolean {
  const isCounted = [...COUNTED, ...COUNTED_LATE, ...UNCOUNTED, MAP_KIND.sockhash].includes(type as never);
  if (type === MAP_KIND.arena || type === MAP_KIND.cpumap) return true;
  if ((type === MAP_KIND.queue || type === MAP_KIND.sockmap) && maxEntries === 2 ** 31) return true;
  if (isCounted && maxEntries > 2 ** 26) return true;
  if (valueSize >= 2 ** 31 || keySize >= 2 ** 31) return true;
  return (keySize + valueSize + 128) * Math.max(maxEntries, 1) <= 24 << 20;
}

/** Type ids that fit, and sizes that fit them, for the most part. */
function typed(map: MapAttributes, pool: TypePool, random: Random): MapAttributes {
  const { keySize, valueSize } = map;
  const isFree = random.chance(85);
  const pick = (list: readonly NamedType[]): NamedType => random.pick(list);
  const ofSize = (size: number): NamedType => {
    const fitting = [...pool.keys, ...pool.any].filter((type) => type.size === size);
    return fitting.length > 0 && random.chance(90) ? random.pick(fitting) : pick(pool.any);
  };
  const isFixed = keySize === 0 || random.chance(60);
  const key = isFixed ? ofSize(keySize) : pick(random.chance(70) ? pool.keys : pool.any);
  const isBound = valueSize === 0 || random.chance(15);
  const value = isBound ? ofSize(valueSize) : pick(random.chance(75) ? pool.special : pool.any);
  const shape = random.below(20);
  return {
    ...map,
    keySize: isFree && !isFixed && key.size > 0 ? key.size : keySize,
    valueSize: isFree && !isBound && value.size > 0 ? value.size : valueSize,
    keyTypeId: shape < 2 ? 0 : key.id,
    valueTypeId: shape === 2 ? 0 : value.id,
  };
}

function innerOf(random: Random, release: KernelRelease): MapAttributes {
  const map = soundMap(random.pick(KINDS));
  const inner = random.chance(80) ? map : changed(map, random, release);
  return { ...(isModest(inner) ? inner : map), mapExtra: 0n };
}

/** A map of any kind, near to what its kind may be. */
export function randomMap(pool: TypePool, random: Random, release: KernelRelease): MapAttributes {
  for (;;) {
    const type = random.chance(60) ? random.pick(KINDS) : random.pick(INTERESTING);
    let map = soundMap(random.chance(1) ? random.below(64) : type);
    if (map.inner !== undefined) map = { ...map, inner: innerOf(random, release) };
    if (random.chance(70) || STORAGES.includes(type)) map = typed(map, pool, random);
    const changes = random.pick([0, 0, 0, 0, 1, 1, 1, 2]);
    for (let count = 0; count < changes; count++) map = changed(map, random, release);
    if (isModest(map)) return map;
  }
}
