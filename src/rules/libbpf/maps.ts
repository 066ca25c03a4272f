import { type Btf, LINKAGE_EXTERN, LINKAGE_GLOBAL, LINKAGE_STATIC, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import type { Section } from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import type { Collected } from "./collect.ts";
import { type LibbpfMapDef, readDefinition } from "./definition.ts";
import { followed } from "./follow.ts";
import { ENOENT, ENOTSUP, hasRule, LibbpfRefusal, libbpfRule } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";

const user = "bpf_object__init_user_btf_map";
const section = libbpfRule(
  "LE-05",
  "`.maps` has a DATASEC.",
  "bpf_object__init_user_btf_maps",
  "DATASEC '.maps' not found.",
  { errno: ENOENT },
);
const named = libbpfRule("LM-01", "A map has a name.", user, "map #N: empty name.");
const inside = libbpfRule("LM-02", "A map lies within the section.", user, "map 'M' BTF data is corrupted.");
const linkage = libbpfRule(
  "LM-04",
  "A map is a global variable that others may see.",
  user,
  "map 'M': unsupported map linkage L.",
  { errno: ENOTSUP },
);
const struct = libbpfRule("LM-05", "A map is defined by a struct.", user, "map 'M': unexpected def kind var.");
const size = libbpfRule("LM-06", "The struct is not larger than the variable.", user, "map 'M': invalid def size.");
const oneArena = libbpfRule(
  "LM-26",
  "There is one arena.",
  "bpf_object__init_user_btf_maps",
  "map 'N': only single ARENA map is supported (map 'M' is also ARENA)",
  { since: "1.7" },
);
const arenaData = libbpfRule(
  "LM-27",
  "Variables of an arena have an arena.",
  "bpf_object__init_user_btf_maps",
  "elf: sec '.addr_space.1': to use global __arena variables the ARENA map should be explicitly declared in SEC(\".maps\")",
  { errno: ENOENT, since: "1.7" },
);

export const mapRules: readonly LoaderRule[] = [section, named, inside, linkage, struct, size, oneArena, arenaData];

const ARENA = 33;

/** A map of `.maps`; `offset` and `size` of its entry, in bytes. */
export interface CollectedMap {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly def: LibbpfMapDef;
  /** Byte of the map at which its `values` begin; undefined if they are not its last member. */
  readonly valuesAt: number | undefined;
}

const LINKAGES: Readonly<Record<number, string>> = {
  [LINKAGE_STATIC]: "static",
  [LINKAGE_GLOBAL]: "global",
  [LINKAGE_EXTERN]: "extern",
};

function readMap(
  btf: Btf,
  { size: room }: Section,
  entry: { type: number; offset: number; size: number },
  index: number,
  version: LibbpfVersion,
): CollectedMap {
  const variable = typeById(btf, entry.type);
  const map = variable === undefined ? "" : nameText(btf, variable.nameOff);
  const fail = (rule: typeof named, line: string): never => {
    throw new LibbpfRefusal(rule, line, map === "" ? { typeId: entry.type } : { map, typeId: entry.type });
  };
  // `opened` let nothing pass that is no variable.
  if (variable?.kind !== "var" || map === "") return fail(named, `map #${index}: empty name.`);
  if (entry.offset + entry.size > room) fail(inside, `map '${map}' BTF data is corrupted.`);
  if (variable.linkage !== LINKAGE_GLOBAL) {
    fail(linkage, `map '${map}': unsupported map linkage ${LINKAGES[variable.linkage] ?? "unknown"}.`);
  }
  const definition = followed(btf, variable.type);
  if (definition?.kind !== "struct") return fail(struct, `map '${map}': unexpected def kind var.`);
  if (definition.size > entry.size) fail(size, `map '${map}': invalid def size.`);
  const last = definition.members.at(-1);
  return {
    name: map,
    offset: entry.offset,
    size: entry.size,
    def: readDefinition(btf, map, definition, version),
    valuesAt: last !== undefined && nameText(btf, last.nameOff) === "values" ? last.bitOffset >>> 3 : undefined,
  };
}

/** The maps of `.maps` in the order of its DATASEC (libbpf `bpf_object__init_user_btf_maps`). `btf` is the one that libbpf has fixed up. */
export function collectMaps(
  btf: Btf | undefined,
  { maps, arena }: Collected,
  version: LibbpfVersion,
): readonly CollectedMap[] {
  if (maps === undefined || btf === undefined) return [];
  const [datasec] = [...typesOfKind(btf, "datasec")].filter(([, { nameOff }]) => nameText(btf, nameOff) === ".maps");
  if (datasec === undefined) throw new LibbpfRefusal(section, "DATASEC '.maps' not found.");
  const found = datasec[1].entries.map((entry, index) => readMap(btf, maps, entry, index, version));
  if (!hasRule(version, oneArena)) return found;
  const [first, second] = found.filter(({ def }) => def.type === ARENA);
  if (first !== undefined && second !== undefined) {
    const line = `map '${second.name}': only single ARENA map is supported (map '${first.name}' is also ARENA)`;
    throw new LibbpfRefusal(oneArena, line, { map: second.name });
  }
  if (first === undefined && arena !== undefined) throw new LibbpfRefusal(arenaData);
  return found;
}
