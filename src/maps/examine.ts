import { type Btf, type BtfVar, typeById } from "../btf/model.ts";
import type { ElfView } from "../elf/model.ts";
import type { Correspondence } from "../join/model.ts";
import type { MapAttributes } from "./definition.ts";
import { attributesOf } from "./describe.ts";
import { type MapFields, readFields } from "./read.ts";
import { type Requirement, requirement } from "./require.ts";
import { type MapSite, mapSites } from "./sites.ts";
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

/** Whether both witnesses give the map the same attributes, once in the form that loaders require. */
export function witnessesAgree(map: ExaminedMap): boolean {
  if (map.own === undefined || map.lowered === undefined) return map.own === map.lowered;
  return JSON.stringify(map.own.attributes) === JSON.stringify(map.lowered.attributes);
}
