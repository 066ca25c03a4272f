import type { LoaderRule } from "../loader.ts";
import { type AyaVersion, ayaRule, refuse } from "./rule.ts";
import type { AyaMap } from "./sections.ts";

const load = { stage: "load" } as const;
const known = ayaRule(
  "AL-02",
  "A map is of a type that aya knows.",
  "bpf_map_type::try_from",
  "map error: invalid map type N",
  load,
);
const typed = ayaRule(
  "AL-03",
  "A map has a type: what aya finds none in is of type 0, of which the kernel makes none.",
  "MapData::create",
  "map error: failed to create map `M`",
  load,
);
const inner = ayaRule(
  "AL-04",
  "A map of maps has a definition of those.",
  "EbpfLoader::load",
  "map error: map `M` is a map-of-maps but has no inner map definition",
  load,
);

const supported = ayaRule(
  "AL-05",
  "A map is of a type that programs of aya can use.",
  "parse_map",
  "map error: type of M (T) is unsupported; see `EbpfLoader::allow_unsupported_maps`",
  load,
);

export const mapRules: readonly LoaderRule[] = [known, typed, inner, supported];

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

/**
 * What aya asks of maps before it creates them, and of their types; whether the kernel makes one of such sizes is not asked. Maps have no
 * order in aya. Throws an `AyaRefusal`.
 */
export function checkMaps(maps: ReadonlyMap<string, AyaMap>, version: AyaVersion): void {
  for (const [map, { type }] of maps) {
    if (type > LAST_TYPE[version]) refuse(known, `map error: invalid map type ${type}`, { map });
  }
  const hasType = (name: string, type: number): void => {
    if (type === 0) refuse(typed, `map error: failed to create map \`${name}\``, { map: name });
  };
  for (const [map, { type, inner: definition }] of maps) {
    if (type === ARRAY_OF_MAPS || type === HASH_OF_MAPS) {
      if (definition === undefined) {
        refuse(inner, `map error: map \`${map}\` is a map-of-maps but has no inner map definition`, { map });
      }
      hasType(`${map}.inner`, definition.type);
    }
    hasType(map, type);
  }
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
