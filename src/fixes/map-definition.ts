import { BtfBuilder } from "../btf/builder.ts";
import { type ExaminedMap, type WitnessedDefinition, witnessesAgree } from "../maps/examine.ts";
import {
  definitionDiffers,
  emptyMember,
  extraAsEnum,
  innerDeviates,
  innerIncomplete,
  keyNotInt,
  keyWithoutSize,
  keyZeroSize,
  progArrayKey,
  redundantSize,
  valueOnRingbuf,
  valueSizeConflict,
  valuesNotArray,
  wrapped,
} from "../rules/maps/definition.ts";
import { mapsOf } from "../rules/maps/findings.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { strayTwins } from "../rules/stray.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";
import { type Grafter, grafterOf } from "./graft.ts";
import { deviationOf, isCurable } from "./map-curable.ts";
import { type DefinitionWriter, definitionWriter } from "./map-struct.ts";

/** Whether a definition needs no member changed: all that is wrong with it is what stands around it. */
function isAsRequired(definition: WitnessedDefinition): boolean {
  return definition.required.deviations.length === 0;
}

/** Own id of the struct that the map's VAR should lead to; undefined if neither witness can say. */
function target(
  map: ExaminedMap,
  found: readonly Diagnostic[],
  writer: DefinitionWriter,
  grafter: Grafter | undefined,
): number | undefined {
  const { own, lowered } = map;
  const isInnerWrong = found.some(({ rule }) => rule === innerIncomplete.id);
  if (own !== undefined && isAsRequired(own) && !isInnerWrong && (lowered === undefined || witnessesAgree(map))) {
    return own.unwrapped.structId;
  }
  // DWARF leads; without it the object's own definition is put right as far as it goes.
  if (lowered !== undefined && grafter !== undefined) {
    const source = { btf: lowered.btf, own: (id: number) => grafter.graft(id) };
    if (isAsRequired(lowered) && lowered.attributes.values === null) return grafter.graft(lowered.unwrapped.structId);
    return writer.write(source, lowered.unwrapped.struct, lowered.required.fields);
  }
  return own === undefined
    ? undefined
    : writer.write({ btf: own.btf, own: (id) => id }, own.unwrapped.struct, own.required.fields);
}

function cureOf(map: ExaminedMap, finding: Diagnostic): string {
  if (finding.rule === wrapped.id) return "pointed the VAR at the definition inside";
  return deviationOf(map, finding)?.cure ?? "took the definition from DWARF";
}

/** M1 to M4, M6 and what DWARF knows better: each map's VAR leads to a definition that every loader takes. */
export const rebuildMaps: Fix = {
  rules: [
    wrapped,
    valueSizeConflict,
    valueOnRingbuf,
    redundantSize,
    keyZeroSize,
    keyWithoutSize,
    progArrayKey,
    keyNotInt,
    valuesNotArray,
    emptyMember,
    extraAsEnum,
    innerDeviates,
    innerIncomplete,
    definitionDiffers,
  ],
  summary: (count) => `${counted(count, "map defect")} mended`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const grafter = grafterOf(state, builder);
    const writer = definitionWriter(builder, state.btf);
    const cured = new Map<Diagnostic, string>();
    const strayOf = new Map([...strayTwins(state)].map(([own, lowered]) => [lowered, own]));
    for (const map of mapsOf(state)) {
      const { varId } = map.site;
      const found = findings.filter((finding) => finding.target.typeId === varId && isCurable(map, finding));
      if (varId === undefined || map.variable === undefined || found.length === 0) continue;
      const structId = target(map, found, writer, grafter);
      if (structId === undefined) continue;
      builder.replace(varId, { ...map.variable, type: structId });
      // What the VAR should have named: nothing leads to it any more, and with the wrong types in its members it may be refused.
      const definition = builder.get(structId);
      const stray = map.lowered === undefined ? undefined : strayOf.get(map.lowered.unwrapped.structId);
      if (definition !== undefined && stray !== undefined) builder.replace(stray, definition);
      for (const finding of found) cured.set(finding, cureOf(map, finding));
    }
    const btf = builder.finish();
    return {
      state: { ...state, btf, grafts: grafter?.grafts() ?? state.grafts },
      done: findings.map((finding) => cured.get(finding)),
    };
  },
};
