import type { LoaderRule } from "../loader.ts";
import type { AyaBtf } from "./btf.ts";
import type { AyaDefinition } from "./definition.ts";
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

const idsOfNone = ayaRule(
  "AL-06",
  "A map with the types of key and value is created with the BTF that they are of, which the kernel must take: aya does not try without.",
  "bpf_create_map",
  "map error: failed to create map `M`",
  load,
);
const sizeOfIds = ayaRule(
  "AL-07",
  "A key or value is as long as its type: aya 0.3 counts one dimension of an array, and key_size overrules key.",
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

export const mapRules: readonly LoaderRule[] = [known, typed, inner, idsOfNone, sizeOfIds, supported];

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

/** Types that aya creates without the ids of key and value: PERF_EVENT_ARRAY to RINGBUF. */
const WITHOUT_IDS: ReadonlySet<number> = new Set([4, 7, 8, 12, 13, 14, 15, 16, 17, 18, 22, 23, 25, 27]);
const BLOOM_FILTER = 30;

/**
 * What aya asks of maps before it creates them, and of their types; whether the kernel makes one of such sizes, is not asked. `btf`: what the kernel took. Maps have no order in aya. Throws an `AyaRefusal`.
 */
export function checkMaps(maps: ReadonlyMap<string, AyaMap>, version: AyaVersion, btf: AyaBtf | undefined): void {
  for (const [map, { type }] of maps) {
    if (type > LAST_TYPE[version]) refuse(known, `map error: invalid map type ${type}`, { map });
  }
  for (const [map, definition] of maps) {
    const { type } = definition;
    if (type === ARRAY_OF_MAPS || type === HASH_OF_MAPS) {
      if (definition.inner === undefined) {
        refuse(inner, `map error: map \`${map}\` is a map-of-maps but has no inner map definition`, { map });
      }
      checkCreated(`${map}.inner`, definition.inner, btf);
    }
    checkCreated(map, definition, btf);
  }
}

function checkCreated(map: string, definition: AyaDefinition, btf: AyaBtf | undefined): void {
  const { type, keySize, valueSize, valueType } = definition;
  const line = `map error: failed to create map \`${map}\``;
  if (type === 0) refuse(typed, line, { map });
  if (WITHOUT_IDS.has(type)) return;
  const keyType = type === BLOOM_FILTER ? 0 : definition.keyType;
  if (keyType === 0 && valueType === 0) return;
  if (btf === undefined) refuse(idsOfNone, line, { map });
  if (
    (keyType !== 0 && btf.size(keyType, "0.6") !== keySize) ||
    (valueType !== 0 && btf.size(valueType, "0.6") !== valueSize)
  ) {
    refuse(sizeOfIds, line, { map });
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
