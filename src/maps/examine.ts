import { type Btf, type BtfVar, typeById } from "../btf/model.ts";
import type { ElfView } from "../elf/model.ts";
import { OPAQUE_NAME } from "../join/members.ts";
import type { Correspondence } from "../join/model.ts";
import type { MapAttributes, MapType } from "./definition.ts";
import { attributesOf } from "./describe.ts";
import { type MapFields, readFields } from "./read.ts";
import { type Requirement, requirement } from "./require.ts";
import { type MapSite, mapSites } from "./sites.ts";
import { canonicalName } from "./text.ts";
import { type Unwrapped, unwrapDefinition } from "./unwrap.ts";

/** A definition as one witness gives it, with what the loaders require of it. */
export interface WitnessedDefinition {
  readonly btf: Btf;
  readonly unwrapped: Unwrapped;
  readonly fields: MapFields;
  readonly required: Requirement;
  readonly attributes: MapAttributes;
}

/** One map with what both witnesses say of it. */
export interface ExaminedMap {
  readonly site: MapSite;
  readonly variable: BtfVar | undefined;
  /** The object's own `.BTF`; undefined if its VAR leads to no definition. */
  readonly own: WitnessedDefinition | undefined;
  /** DWARF; undefined if it does not describe the map. */
  readonly lowered: WitnessedDefinition | undefined;
}

function witness(btf: Btf, typeId: number): WitnessedDefinition | undefined {
  const unwrapped = unwrapDefinition(btf, typeId);
  if (unwrapped === undefined) return undefined;
  const fields = readFields(btf, unwrapped.struct);
  const required = requirement(btf, fields);
  return { btf, unwrapped, fields, required, attributes: attributesOf(btf, required) };
}

/** Every map of the object, seen through both witnesses. */
export function examineMaps(elf: ElfView, btf: Btf, join: Correspondence | undefined): readonly ExaminedMap[] {
  return mapSites(elf, btf, join).map((site) => {
    const type = site.varId === undefined ? undefined : typeById(btf, site.varId);
    const variable = type?.kind === "var" ? type : undefined;
    return {
      site,
      variable,
      own: variable === undefined ? undefined : witness(btf, variable.type),
      lowered:
        join === undefined || site.variable === undefined
          ? undefined
          : witness(join.lowered.btf(), site.variable.typeId),
    };
  });
}

/** The enum with payload that `--enum opaque` left as bytes, with the members that DWARF gives it. */
function unveiledType(own: MapType | null, lowered: MapType | null): MapType | null {
  const [bytes, ...more] = own?.members ?? [];
  const [payload, ...others] = lowered?.members ?? [];
  if (own === null || bytes === undefined || payload === undefined || more.length + others.length > 0) return own;
  const isOpaque = bytes.name === OPAQUE_NAME && bytes.type === `[u8; ${own.size}]`;
  return isOpaque && payload.name === "" && payload.type === "union" ? { ...own, members: [payload] } : own;
}

function unveiled(own: MapAttributes, lowered: MapAttributes): MapAttributes {
  const { values } = own;
  const inner =
    values?.kind === "map" && lowered.values?.kind === "map" ? unveiled(values.map, lowered.values.map) : undefined;
  return {
    ...own,
    key: unveiledType(own.key, lowered.key),
    value: unveiledType(own.value, lowered.value),
    values: inner === undefined ? values : { kind: "map", map: inner },
  };
}

/** Whether both witnesses give the map the same attributes, once in the form that loaders require. */
export function witnessesAgree(map: ExaminedMap): boolean {
  if (map.own === undefined || map.lowered === undefined) return map.own === map.lowered;
  if (JSON.stringify(map.own.attributes) === JSON.stringify(map.lowered.attributes)) return true;
  // What repairs have made of names and enums on the user's word is no difference.
  const [own, lowered] = [map.own, map.lowered].map(({ btf, required }) => attributesOf(btf, required, canonicalName));
  return (
    own !== undefined && lowered !== undefined && JSON.stringify(unveiled(own, lowered)) === JSON.stringify(lowered)
  );
}
