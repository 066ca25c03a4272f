import type { CreatedMap } from "../kernel/map-create/attributes.ts";
import type { AyaDefinition } from "./definition.ts";
import type { AyaVersion } from "./rule.ts";

/** Types that aya creates without the ids of key and value: PERF_EVENT_ARRAY to RINGBUF. */
const WITHOUT_IDS: ReadonlySet<number> = new Set([4, 7, 8, 12, 13, 14, 15, 16, 17, 18, 22, 23, 25, 27]);
const [DEVMAP, CPUMAP, DEVMAP_HASH, RINGBUF, BLOOM_FILTER] = [14, 16, 25, 27, 30];
/** A device or a processor, and the program that runs there: what kernels from 5.9 on take. */
const WITH_PROGRAM = 8;
const PAGE = 4096;

/** The next power of two of pages (`adjust_to_page_size`); 0 stays, and what no power of two can hold. */
function ringSize(size: number): number {
  if (size === 0) return 0;
  const adjusted = PAGE * 2 ** Math.ceil(Math.log2(Math.ceil(size / PAGE)));
  return adjusted < 2 ** 32 ? adjusted : size;
}

/** Sizes that aya puts in the place of the object's (`value_size_override`). */
function valueSizeOf({ type, valueSize }: AyaDefinition): number {
  if (type === DEVMAP || type === DEVMAP_HASH || type === CPUMAP) return WITH_PROGRAM;
  return type === RINGBUF ? 0 : valueSize;
}

/**
 * A map as aya gives it to BPF_MAP_CREATE (`EbpfLoader::load`, `bpf_create_map`). An inner map keeps the number of entries that the object
 * gives, and by the older version its sizes, too.
 */
export function createdMap(name: string, map: AyaDefinition, version: AyaVersion, isInner = false): CreatedMap {
  const { type, keySize, maxEntries, mapFlags, mapExtra, keyType, valueType, inner } = map;
  const hasIds = !WITHOUT_IDS.has(type);
  return {
    name,
    kernelName: name,
    type,
    keySize,
    valueSize: isInner && version === "0.3" ? map.valueSize : valueSizeOf(map),
    maxEntries: type === RINGBUF && !isInner ? ringSize(maxEntries) : maxEntries,
    mapFlags,
    mapExtra: BigInt(mapExtra),
    keyTypeId: hasIds && type !== BLOOM_FILTER ? keyType : 0,
    valueTypeId: hasIds ? valueType : 0,
    inner: inner && createdMap(`${name}.inner`, inner, version, true),
  };
}
