import type { CreatedMap } from "../kernel/map-create/attributes.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import type { HeldBtf } from "../kernel/verdict.ts";
import type { At, LoaderRule, MapVerdict } from "../loader.ts";
import { askForMap, type MapAsk } from "../map-verdict.ts";
import { createdMap } from "./created.ts";
import { AyaRefusal, type AyaVersion, ayaRule, refuse } from "./rule.ts";
import type { AyaMap } from "./sections.ts";

const load = { stage: "load" } as const;
const known = ayaRule(
  "AL-02",
  "A map is of a type that aya knows.",
  "bpf_map_type::try_from",
  "map error: invalid map type N",
  load,
);
const inner = ayaRule(
  "AL-04",
  "A map of maps has a definition of those.",
  "EbpfLoader::load",
  "map error: map `M` is a map-of-maps but has no inner map definition",
  load,
);

const idsOfNone = ayaRule(
  "AL-06",
  "A map with the types of key and value is created with the BTF that they are of, which the kernel must take: aya does not try without.",
  "bpf_create_map",
  "map error: failed to create map `M`",
  load,
);
const made = ayaRule(
  "AL-07",
  "The kernel creates a map as aya asks for it: aya does not try without type ids.",
  "bpf_create_map",
  "map error: failed to create map `M`",
  load,
);
const supported = ayaRule(
  "AL-05",
  "A map is of a type that programs of aya can use.",
  "parse_map",
  "map error: type of M (T) is unsupported; see `EbpfLoader::allow_unsupported_maps`",
  load,
);

export const mapRules: readonly LoaderRule[] = [known, inner, idsOfNone, made, supported];

/** Types that aya knows and has nothing for. */
const UNSUPPORTED: ReadonlyMap<number, string> = new Map([
  [26, "BPF_MAP_TYPE_STRUCT_OPS"],
  [29, "BPF_MAP_TYPE_TASK_STORAGE"],
  [31, "BPF_MAP_TYPE_USER_RINGBUF"],
  [33, "BPF_MAP_TYPE_ARENA"],
  [34, "BPF_MAP_TYPE_INSN_ARRAY"],
]);

const ARRAY_OF_MAPS = 12;
const HASH_OF_MAPS = 13;
/** BPF_MAP_TYPE_ARENA, and BPF_MAP_TYPE_INSN_ARRAY. */
const LAST_TYPE: Readonly<Record<AyaVersion, number>> = { "0.3": 33, "0.6": 34 };

/** What aya asks of maps before it creates them. Maps have no order in aya. Throws an `AyaRefusal`. */
export function checkMaps(maps: ReadonlyMap<string, AyaMap>, version: AyaVersion): void {
  for (const [map, { type }] of maps) {
    if (type > LAST_TYPE[version]) refuse(known, `map error: invalid map type ${type}`, { map });
  }
  for (const [map, definition] of maps) {
    const { type } = definition;
    if ((type === ARRAY_OF_MAPS || type === HASH_OF_MAPS) && definition.inner === undefined) {
      refuse(inner, `map error: map \`${map}\` is a map-of-maps but has no inner map definition`, { map });
    }
  }
}

/** What becomes of an object's maps, and the refusal with which aya stops at one that is not created. */
export interface MadeMaps {
  readonly maps: readonly MapVerdict[];
  readonly refusal: AyaRefusal | undefined;
}

/** Why a map is not created: the model of what it holds is asked for first. */
function refusalOf(map: CreatedMap, ask: MapAsk, at: At, isHeld: boolean): AyaRefusal | undefined {
  const { name, keyTypeId, valueTypeId, inner } = map;
  const ofInner = inner && refusalOf(inner, ask, at, isHeld);
  if (ofInner !== undefined) return ofInner;
  const line = `map error: failed to create map \`${name}\``;
  if ((keyTypeId !== 0 || valueTypeId !== 0) && !isHeld) return new AyaRefusal(idsOfNone, line, false, at);
  return askForMap(map, ask).verdict.created ? undefined : new AyaRefusal(made, line, false, at);
}

/** What the kernel makes of the maps that aya gives it, those of maps last. `held`: the BTF, where the kernel took it. */
export function makeMaps(
  maps: ReadonlyMap<string, AyaMap>,
  version: AyaVersion,
  held: HeldBtf | undefined,
  kernel: KernelProfile,
): MadeMaps {
  const verdicts: MapVerdict[] = [];
  let refusal: AyaRefusal | undefined;
  const ask: MapAsk = { held: () => held, kernel, triesAgain: () => false };
  const isOuter = ([, { inner }]: [string, AyaMap]): boolean => inner !== undefined;
  for (const [name, map] of [...maps].sort((a, b) => Number(isOuter(a)) - Number(isOuter(b)))) {
    const created = createdMap(name, map, version);
    const { verdict } = askForMap(created, ask);
    const failure = refusalOf(created, ask, { map: name }, held !== undefined);
    verdicts.push(failure === undefined ? verdict : { ...verdict, created: false });
    refusal ??= failure;
  }
  return { maps: verdicts, refusal };
}

/** What aya asks of maps when all else is done. Throws an `AyaRefusal`. */
export function checkSupport(maps: ReadonlyMap<string, AyaMap>): void {
  for (const [map, { type }] of maps) {
    const name = UNSUPPORTED.get(type);
    if (name === undefined) continue;
    const what = `type of ${map} (${name}) is unsupported; see \`EbpfLoader::allow_unsupported_maps\``;
    refuse(supported, `map error: ${what}`, { map });
  }
}
