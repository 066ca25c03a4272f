import type { CreatedMap } from "../../../src/rules/kernel/map-create/attributes.ts";
import type { LibbpfMap } from "../../judges/libbpf.ts";

const [PERF_EVENT_ARRAY, STRUCT_OPS] = [4, 26];

/** Attributes of a map, as far as they can be compared. */
export type Shape = Readonly<Record<string, unknown>>;

/** What can be compared: the kernel decides the size of its own struct and the number of processors, and libbpf drops refused ids. */
function shapeOf(map: CreatedMap, isRetried: boolean): Shape {
  const { type, keySize, valueSize, maxEntries, mapFlags, mapExtra, keyTypeId, valueTypeId, inner } = map;
  return {
    type,
    keySize,
    mapFlags,
    mapExtra,
    ...(type === STRUCT_OPS ? {} : { valueSize }),
    ...(type === PERF_EVENT_ARRAY ? {} : { maxEntries }),
    ...(isRetried || type === STRUCT_OPS ? {} : { keyTypeId, valueTypeId }),
    hasInner: inner !== undefined,
  };
}

/** What the judge reports, as we name it. */
function created(map: LibbpfMap): CreatedMap {
  const { btfKeyTypeId: keyTypeId, btfValueTypeId: valueTypeId, mapExtra } = map;
  const inner = map.inner && created(map.inner);
  return { ...map, mapExtra: BigInt(mapExtra), keyTypeId, valueTypeId, inner };
}

/** Those that libbpf gives to the kernel: of optional struct_ops it makes none. */
export function createdByLibbpf(maps: readonly LibbpfMap[]): readonly LibbpfMap[] {
  return maps.filter(({ type, kernel, errno }) => type !== STRUCT_OPS || kernel !== null || errno !== 0);
}

/** What can be compared of a map as we say that it is created, and of the same as libbpf did it. */
export function shapes(own: CreatedMap, map: LibbpfMap): { readonly ours: Shape; readonly theirs: Shape } {
  const isRetried = map.retriedWithoutBtf;
  const hidden = map.inner === undefined ? { inner: undefined } : {};
  return { ours: shapeOf({ ...own, ...hidden }, isRetried), theirs: shapeOf(created(map), isRetried) };
}
