import type { BtfBuilder } from "../btf/builder.ts";
import {
  type Btf,
  type BtfDatasec,
  type BtfSecInfo,
  type BtfVar,
  LINKAGE_GLOBAL,
  LINKAGE_STATIC,
  typesWithIds,
} from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { STB_LOCAL } from "../elf/model.ts";
import { sectionNamed } from "../elf/symbols.ts";
import { isLegacySection } from "../maps/legacy-definition.ts";
import { MAPS_SECTION } from "../maps/sites.ts";
import type { PlannedMap } from "../rules/elf/legacy-maps.ts";
import type { ElfState } from "./elf-fix.ts";

/** A legacy map in its new place: the section, offset and length in bytes of its definition there, and the STRUCT that says it. */
export interface ConvertedMap {
  readonly map: PlannedMap;
  readonly section: number;
  readonly offset: number;
  readonly size: number;
  readonly structId: number;
}

type Datasecs = readonly (readonly [id: number, datasec: BtfDatasec, name: string])[];

function datasecsOf(btf: Btf): Datasecs {
  const found: (readonly [number, BtfDatasec, string])[] = [];
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind === "datasec") found.push([id, type, nameText(btf, type.nameOff)]);
  }
  return found;
}

/**
 * Own VARs by the index of their symbol; by name alone where DWARF does not tell, since libbpf looks a map's symbol up by that. A VAR that
 * is listed in another section of the file is another variable of that name.
 */
function variables({ elf, btf, join }: ElfState, datasecs: Datasecs): (map: PlannedMap) => number | undefined {
  const elsewhere = new Set<number>();
  for (const [, { entries }, name] of datasecs) {
    if (isLegacySection(name) || sectionNamed(elf, name) === undefined) continue;
    for (const { type } of entries) elsewhere.add(type);
  }
  const bySymbol = new Map<number, number>();
  const byName = new Map<string, number>();
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind !== "var") continue;
    const symbol = join?.variable(id)?.symbol;
    if (symbol !== undefined) bySymbol.set(symbol, id);
    else if (!elsewhere.has(id)) byName.set(nameText(btf, type.nameOff), id);
  }
  return ({ symbol }) => bySymbol.get(symbol.index) ?? byName.get(symbol.name);
}

/**
 * Makes the VARs of converted maps what libbpf asks of a map's, and lists them in DATASEC `.maps`, whose section is now `size` bytes
 * long. The first legacy DATASEC becomes that where there is none; one that is left over becomes an empty record, so that ids stay.
 */
export function listMapsInBtf(state: ElfState, builder: BtfBuilder, maps: readonly ConvertedMap[], size: number): void {
  const datasecs = datasecsOf(state.btf);
  const legacy = datasecs.filter(([, , name]) => isLegacySection(name));
  const present = datasecs.find(([, , name]) => name === MAPS_SECTION);
  const variableOf = variables(state, datasecs);
  const entries = maps.map(({ map, offset, size: length, structId }): BtfSecInfo => {
    const nameOff = builder.string(map.symbol.name);
    const linkage = map.symbol.binding === STB_LOCAL ? LINKAGE_STATIC : LINKAGE_GLOBAL;
    const record: BtfVar = { kind: "var", nameOff, type: structId, linkage };
    const id = variableOf(map);
    if (id === undefined) return { type: builder.add(record), offset, size: length };
    builder.replace(id, record);
    return { type: id, offset, size: length };
  });
  const converted = new Set(entries.map(({ type }) => type));
  const there = (present?.[1].entries ?? []).filter(({ type }) => !converted.has(type));
  // Offsets that the compiler left to the loader are filled in by a later repair, all at once.
  const isOpen = there.length > 0 && present?.[1].size === 0;
  const datasec: BtfDatasec = {
    kind: "datasec",
    nameOff: builder.string(MAPS_SECTION),
    size: isOpen ? 0 : size,
    entries: [...there, ...entries],
  };
  const [target, ...leftovers] = present === undefined && maps.length > 0 ? legacy : [present, ...legacy];
  if (target !== undefined && maps.length > 0) builder.replace(target[0], datasec);
  else if (maps.length > 0) builder.add(datasec);
  for (const [id] of leftovers.filter((entry) => entry !== undefined)) {
    builder.replace(id, { kind: "struct", nameOff: 0, size: 0, bitfields: false, members: [] });
  }
  for (const [id, other, name] of datasecs) {
    if (isLegacySection(name) || id === target?.[0]) continue;
    const kept = other.entries.filter(({ type }) => !converted.has(type));
    if (kept.length < other.entries.length) builder.replace(id, { ...other, entries: kept });
  }
}
