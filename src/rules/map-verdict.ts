import type { CreatedMap } from "./kernel/map-create/attributes.ts";
import { mapCreateVerdict } from "./kernel/map-create/verdict.ts";
import type { KernelProfile } from "./kernel/profile.ts";
import type { HeldBtf } from "./kernel/verdict.ts";
import type { MapVerdict } from "./loader.ts";

const PERF_EVENT_ARRAY = 4;

/** What becomes of a map that a loader asks a kernel for. */
export interface AskedMap {
  readonly verdict: MapVerdict;
  /** What the loader is left with, of its last try; 0 if the map is created. */
  readonly errno: number;
}

/** How a loader asks. */
export interface MapAsk {
  /** The BTF that a map's type ids are of; undefined where the kernel does not hold it. */
  readonly held: (map: CreatedMap) => HeldBtf | undefined;
  readonly kernel: KernelProfile;
  /** Whether the loader tries again without type ids after such an errno. */
  readonly triesAgain: (errno: number) => boolean;
}

/** Where a loader asks for as many entries as there are processors, which nobody knows here, one stands for all. */
function counted(map: CreatedMap): CreatedMap {
  return map.type === PERF_EVENT_ARRAY && map.maxEntries === 0 ? { ...map, maxEntries: 1 } : map;
}

/**
 * What a kernel makes of a map that a loader gives it, with its type ids and, if the loader tries again, without. The model of what a map of
 * maps holds is created first.
 */
export function askForMap(given: CreatedMap, ask: MapAsk): AskedMap {
  const { name, keyTypeId, valueTypeId, inner } = given;
  const refused = { name, keyTypeId, valueTypeId, created: false, withIds: false };
  let model: HeldBtf | undefined;
  if (inner !== undefined) {
    const { verdict, errno } = askForMap(inner, ask);
    if (!verdict.created) return { verdict: { ...refused, errno: verdict.errno, rule: verdict.rule }, errno };
    if (verdict.withIds) model = ask.held(inner);
  }
  const map = counted(given);
  const held = keyTypeId === 0 && valueTypeId === 0 ? undefined : ask.held(given);
  const first = mapCreateVerdict(map, held, ask.kernel, model);
  const isTaken = first.errno === 0;
  const isLast = isTaken || held === undefined || !ask.triesAgain(first.errno);
  const last = isLast ? first : mapCreateVerdict(map, undefined, ask.kernel, model);
  const withIds = isTaken && held !== undefined;
  return { verdict: { ...refused, created: last.errno === 0, withIds, ...first }, errno: last.errno };
}
