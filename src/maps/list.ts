import { type Btf, typeById } from "../btf/model.ts";
import type { ElfView } from "../elf/model.ts";
import type { Correspondence } from "../join/model.ts";
import type { MapDefinition } from "./definition.ts";
import { attributesOf } from "./describe.ts";
import { listLegacyMaps } from "./legacy-list.ts";
import { readFields } from "./read.ts";
import { requirement } from "./require.ts";
import { MAPS_SECTION, type MapSite, mapSites } from "./sites.ts";
import { unwrapDefinition } from "./unwrap.ts";

/** Which witness a listing follows; "both" takes DWARF where it knows the map, else the object's own `.BTF`. */
export type MapSource = "dwarf" | "btf" | "both";

function describeSite(site: MapSite, btf: Btf, typeId: number): MapDefinition | undefined {
  const unwrapped = unwrapDefinition(btf, typeId);
  if (unwrapped === undefined) return undefined;
  return {
    name: site.name,
    section: MAPS_SECTION,
    place: site.variable?.place ?? null,
    ...attributesOf(btf, requirement(btf, readFields(btf, unwrapped.struct))),
  };
}

/**
 * The maps of an object in the form that the loaders require, legacy ones too, sorted by name so that both witnesses list them alike.
 */
export function listMaps(
  elf: ElfView,
  btf: Btf,
  join: Correspondence | undefined,
  source: MapSource,
): readonly MapDefinition[] {
  const maps: MapDefinition[] = [];
  for (const site of mapSites(elf, btf, join)) {
    let map: MapDefinition | undefined;
    if (source !== "btf" && join !== undefined && site.variable !== undefined) {
      map = describeSite(site, join.lowered.btf(), site.variable.typeId);
    }
    if (map === undefined && source !== "dwarf" && site.varId !== undefined) {
      const type = typeById(btf, site.varId);
      if (type?.kind === "var") map = describeSite(site, btf, type.type);
    }
    if (map !== undefined) maps.push(map);
  }
  maps.push(...listLegacyMaps(elf, source === "btf" ? undefined : join));
  return maps.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
