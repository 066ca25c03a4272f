/** Maps of every kind with each attribute at its edges, and with each kind of type as key and as value: what chance seldom draws. */
import type { MapAttributes } from "../../../src/rules/kernel/map-create/attributes.ts";
import { MAP_FLAG, MAP_KIND } from "../../../src/rules/kernel/map-create/kinds.ts";
import type { KernelRelease } from "../../../src/rules/kernel/rule.ts";
import { Draft } from "../kernel/draft.ts";
import type { MapGroup } from "./campaign.ts";
import { type EdgeValue, edgeKeys, edgeValues } from "./edge-types.ts";
import { ENTRIES, EXTRAS, isModest, KEY_SIZES, manyEntries, soundMap, VALUE_SIZES } from "./random-map.ts";
import type { NamedType } from "./types.ts";

const KINDS = Object.values(MAP_KIND);
const FLAGS = Array.from({ length: 32 }, (_, bit) => 2 ** bit);
const { readOnly, writeOnly, readOnlyProg, writeOnlyProg, numaNode, noCommonLru, noPrealloc, stackBuildId } = MAP_FLAG;
const FLAG_PAIRS = [
  readOnly | writeOnly,
  readOnlyProg | writeOnlyProg,
  numaNode | noCommonLru,
  numaNode | noPrealloc,
  noCommonLru | noPrealloc,
];

/** One attribute changed, and with some of them the flags. */
function attributesOf(type: number, release: KernelRelease): readonly MapAttributes[] {
  const sound = soundMap(type);
  const withFlag = (flags: number): MapAttributes => ({ ...sound, mapFlags: (sound.mapFlags | flags) >>> 0 });
  // How many processors a kernel is made for, its configuration says.
  const few = type === MAP_KIND.cpumap ? ENTRIES.filter((count) => count <= 256) : ENTRIES;
  const counts = [...few, ...manyEntries(type, release)];
  const stacks = [8, 16, 24, 32, 1016, 1024, 4064, 4096].map((valueSize) => ({ ...withFlag(stackBuildId), valueSize }));
  return [
    sound,
    { ...sound, mapFlags: 0 },
    ...[...FLAGS, ...FLAG_PAIRS].map(withFlag),
    ...KEY_SIZES.map((keySize) => ({ ...sound, keySize })),
    ...VALUE_SIZES.map((valueSize) => ({ ...sound, valueSize })),
    ...(HASHES.includes(type) ? VALUE_SIZES : []).map((valueSize) => ({ ...withFlag(noPrealloc), valueSize })),
    ...counts.map((maxEntries) => ({ ...sound, maxEntries })),
    ...EXTRAS.map((mapExtra) => ({ ...sound, mapExtra })),
    ...EXTRAS.map((mapExtra) => ({ ...sound, mapExtra, maxEntries: 3 })),
    ...(type === MAP_KIND.stackTrace ? stacks : []),
  ].filter(isModest);
}

/** What is charged for a map of 5.10, about and at 4 GiB: of kinds that take no memory for elements before there are some. */
function chargedMaps(): readonly MapAttributes[] {
  const hash = { ...soundMap(MAP_KIND.hash), mapFlags: noPrealloc };
  const trie = soundMap(MAP_KIND.lpmTrie);
  const array = soundMap(MAP_KIND.array);
  return [
    { ...hash, keySize: 512, valueSize: 464, maxEntries: 2 ** 22 },
    { ...hash, keySize: 512, valueSize: 400, maxEntries: 2 ** 21 },
    { ...hash, keySize: 8, valueSize: 4096, maxEntries: 2 ** 20 },
    { ...hash, keySize: 8, valueSize: 2048, maxEntries: 2 ** 20 },
    { ...hash, keySize: 505, valueSize: 457, maxEntries: 2 ** 22 },
    { ...trie, keySize: 260, valueSize: 728, maxEntries: 2 ** 22 },
    { ...trie, keySize: 260, valueSize: 700, maxEntries: 2 ** 22 },
    { ...trie, keySize: 8, valueSize: 980, maxEntries: 2 ** 22 },
    { ...trie, keySize: 8, valueSize: 900, maxEntries: 2 ** 22 },
    { ...array, valueSize: 4095, maxEntries: 2 ** 20 },
    { ...array, valueSize: 4096, maxEntries: 2 ** 20 },
    { ...soundMap(MAP_KIND.lruHash), valueSize: 4096, maxEntries: 2 ** 20 },
  ];
}

const HASHES: readonly number[] = [MAP_KIND.hash, MAP_KIND.percpuHash, MAP_KIND.lruPercpuHash];
/** Of which all values are tried; of the others one of each field. */
const OF_ALL_VALUES: readonly number[] = [MAP_KIND.hash, MAP_KIND.array, MAP_KIND.skStorage];
const STORAGES: readonly number[] = [MAP_KIND.cgroupStorage, MAP_KIND.percpuCgroupStorage];

/** Each type as key of a value that is an INT, and each as value with such a key or none. */
function typedMaps(
  type: number,
  keys: readonly NamedType[],
  values: readonly EdgeValue[],
  int: number,
): readonly MapAttributes[] {
  const sound = soundMap(type);
  const sizedKey = (size: number): number => (STORAGES.includes(type) || sound.keySize !== 4 ? size : 4);
  const isOfAll = OF_ALL_VALUES.includes(type);
  const tried = values.filter(({ isMain }) => isMain || isOfAll);
  const sizedValue = (size: number): number => (sound.valueSize === 4 ? size : sound.valueSize);
  return [
    ...keys.flatMap(({ id, size }) => [
      { ...sound, keyTypeId: id, valueTypeId: int },
      { ...sound, keySize: size, keyTypeId: id, valueTypeId: int },
    ]),
    ...tried.flatMap(({ id, size }) => {
      const map = { ...sound, valueSize: sizedValue(size), valueTypeId: id };
      const key = sizedKey(4);
      return [
        { ...map, keyTypeId: 0 },
        { ...map, keyTypeId: int, keySize: key },
        { ...map, keyTypeId: int, keySize: key, mapFlags: sound.mapFlags | readOnlyProg },
      ];
    }),
    ...values.slice(0, 8).flatMap(({ id, size }) => [
      { ...sound, valueSize: size, keyTypeId: 0, valueTypeId: id, maxEntries: 2 },
      { ...sound, valueSize: size + 1, keyTypeId: int, valueTypeId: id },
    ]),
  ].filter(isModest);
}

/** The whole of it for a release, a group for each kind of map. */
export function sweep(release: KernelRelease): readonly MapGroup[] {
  const draft = new Draft();
  const keys = edgeKeys(draft, release);
  const values = edgeValues(draft, release);
  const btf = draft.blob();
  const [{ id: int } = { id: 0 }] = keys;
  const models = KINDS.map((type): MapAttributes => ({ ...soundMap(12), inner: soundMap(type) }));
  const broken = { ...soundMap(12), inner: { ...soundMap(2), keySize: 8 } };
  return [
    { btf, maps: [...models, broken, ...models.map((map) => ({ ...map, type: MAP_KIND.hashOfMaps }))] },
    ...(release === "5.10" ? [{ btf, maps: chargedMaps() }] : []),
    ...[0, 36, 64, 2 ** 31, ...KINDS].map((type) => ({
      btf,
      maps: [...attributesOf(type, release), ...typedMaps(type, keys, values, int)],
    })),
  ];
}
