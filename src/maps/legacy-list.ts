import type { ElfView } from "../elf/model.ts";
import type { Correspondence } from "../join/model.ts";
import type { LoweredVariable } from "../lower/model.ts";
import type { MapDefinition, MapMember, MapType } from "./definition.ts";
import { mapType } from "./describe.ts";
import { mapKind } from "./kinds.ts";
import { type LegacyMap, readLegacyMaps } from "./legacy-definition.ts";
import { type LegacyType, NESTED_MEMBER, planLegacyMap } from "./legacy-types.ts";
import { typeText } from "./text.ts";

/** The variables of DWARF by their symbol, for maps that are asked for one by one. */
export function variablesBySymbol(join: Correspondence | undefined): ReadonlyMap<number, LoweredVariable> {
  const variables = new Map<number, LoweredVariable>();
  for (const variable of join?.lowered.variables ?? []) {
    if (variable.symbol !== undefined) variables.set(variable.symbol, variable);
  }
  return variables;
}

function typeOf(join: Correspondence | undefined, type: LegacyType, name: string): MapType | null {
  switch (type.how) {
    case "type":
      return join === undefined ? null : mapType(join.lowered.btf(), type.loweredId);
    case "int":
      return { name, size: type.size, members: null };
    case "cgroup":
      return { name, size: 16, members: CGROUP_MEMBERS };
    case "trie": {
      const data = join === undefined ? "" : typeText(join.lowered.btf(), type.loweredId);
      const members = [
        { name: "prefix_len", bitOffset: 0, type: "u32" },
        { name: "data", bitOffset: 32, type: data },
      ];
      return { name, size: type.size, members };
    }
    case "arrays":
      return { name, size: type.size, members: [{ name: NESTED_MEMBER, bitOffset: 0, type: type.name }] };
    case "size":
    case "none":
      return null;
  }
}

/** struct bpf_cgroup_storage_key of include/uapi/linux/bpf.h. */
const CGROUP_MEMBERS: readonly MapMember[] = [
  { name: "cgroup_inode_id", bitOffset: 0, type: "u64" },
  { name: "attach_type", bitOffset: 64, type: "u32" },
];

/** What is not 0, as a BTF definition says only what it must. */
function some(value: number): number | null {
  return value === 0 ? null : value;
}

function describe(
  { symbol, definition }: LegacyMap,
  join: Correspondence | undefined,
  variable: LoweredVariable | undefined,
): MapDefinition {
  const { type, keySize, valueSize, maxEntries, mapFlags, pinning } = definition;
  const plan = planLegacyMap({ symbol, definition }, join?.lowered, variable);
  return {
    name: symbol.name,
    section: "maps",
    place: variable?.place ?? null,
    type,
    typeName: mapKind(type).name,
    key: typeOf(join, plan.key, plan.keyText),
    value: typeOf(join, plan.value, plan.valueText),
    keySize: some(keySize),
    valueSize: some(valueSize),
    maxEntries,
    mapFlags: some(mapFlags),
    numaNode: null,
    mapExtra: null,
    pinning: some(pinning),
    values: null,
  };
}

/** The maps of sections `maps` that can be read, with the types that a conversion would give them; by their sizes alone without `join`. */
export function listLegacyMaps(elf: ElfView, join: Correspondence | undefined): readonly MapDefinition[] {
  const { maps } = readLegacyMaps(elf);
  const variables = maps.length === 0 ? new Map<number, LoweredVariable>() : variablesBySymbol(join);
  return maps.map((map) => describe(map, join, variables.get(map.symbol.index)));
}
