import type { CreatedMap } from "../kernel/map-create/attributes.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import type { HeldBtf } from "../kernel/verdict.ts";
import type { LoaderRule, MapVerdict } from "../loader.ts";
import { askForMap, type MapAsk } from "../map-verdict.ts";
import type { MapRequest } from "./load.ts";
import { MAP_TYPE } from "./map-spec.ts";
import { CiliumRefusal, ciliumRule } from "./rule.ts";

const mapMade = ciliumRule(
  "CL-11",
  "The kernel creates every map; the library tries again without types if the kernel says EINVAL or ENOTSUPP.",
  "MapSpec.createMap",
  "map M: map create: E",
  { stage: "load" },
);

export const madeRules: readonly LoaderRule[] = [mapMade];

const EINVAL = 22;
const ENOTSUPP = 524;

/** What became of a map; no verdict of one whose size is that of the kernel's own struct, which nobody knows here. */
export interface MadeMap {
  readonly verdict: MapVerdict | undefined;
  readonly refusal: CiliumRefusal | undefined;
}

/** The attributes of a request, and which BTF its ids are of. The library cuts entries to the number of processors, for which one stands here. */
function createdOf(request: MapRequest, held: Map<CreatedMap, HeldBtf | undefined>): CreatedMap {
  const { name, type, keySize, valueSize, maxEntries, flags, mapExtra, btf, template } = request;
  const isPerProcessor = type === MAP_TYPE.perfEventArray || type === MAP_TYPE.cpuMap;
  const map = {
    ...{ name, type, keySize, valueSize, mapFlags: flags, mapExtra },
    maxEntries: isPerProcessor ? 1 : maxEntries,
    keyTypeId: btf?.keyId ?? 0,
    valueTypeId: btf?.valueId ?? 0,
    inner: template && createdOf(template, held),
  };
  held.set(map, btf?.held);
  return map;
}

/** What the kernel makes of a map that the library asks it for. Errors, as `refusal`: CL-11. */
export function madeMap(name: string, request: MapRequest, kernel: KernelProfile): MadeMap {
  if (request.type === MAP_TYPE.structOps) return { verdict: undefined, refusal: undefined };
  const held = new Map<CreatedMap, HeldBtf | undefined>();
  const map = createdOf(request, held);
  const triesAgain = (errno: number): boolean => errno === EINVAL || errno === ENOTSUPP;
  const ask: MapAsk = { held: (asked) => held.get(asked), kernel, triesAgain };
  const { verdict } = askForMap(map, ask);
  if (verdict.created) return { verdict: { ...verdict, name }, refusal: undefined };
  const isInner = map.inner !== undefined && !askForMap(map.inner, ask).verdict.created;
  const line = `map ${name}: ${isInner ? "inner map: " : ""}map create: …`;
  const refusal = new CiliumRefusal(mapMade, line, { map: name });
  return { verdict: { ...verdict, name }, refusal };
}
