import { typeById } from "../btf/model.ts";
import type { ExaminedMap, WitnessedDefinition } from "../maps/examine.ts";
import { type Deviation, type DeviationKind, innerDefinition } from "../maps/require.ts";
import { innerDeviates, innerIncomplete, keyWithoutSize } from "../rules/maps/definition.ts";
import type { Diagnostic } from "../rules/rule.ts";

/** Deviations that writing a definition anew leaves as they are, if the witness that it is written from has them too. */
const STAYING: ReadonlySet<DeviationKind> = new Set(["key-without-size", "size-contradiction", "extra-too-large"]);

/** The deviation of the object's own definition that a finding tells of. */
export function deviationOf({ own }: ExaminedMap, finding: Diagnostic): Deviation | undefined {
  return own?.required.deviations.find(({ fact }) => finding.message.endsWith(fact));
}

/** Whether the inner map can be written as loaders take it: it is there, and nothing of it stays wrong. */
function hasWholeInner({ btf, fields }: WitnessedDefinition): boolean {
  return fields.every((field) => {
    if (field.kind !== "values" || field.of !== "map") return true;
    if (typeById(btf, field.element)?.kind === "fwd") return false;
    return !innerDefinition(btf, field)?.required.deviations.some(({ kind }) => STAYING.has(kind));
  });
}

/**
 * Whether a definition written from DWARF, or without DWARF from the object's own, can be free of the finding: a type that has no size
 * in that witness, or is only declared there, gets none by writing it again.
 */
export function isCurable(map: ExaminedMap, finding: Diagnostic): boolean {
  const source = map.lowered ?? map.own;
  if (source === undefined) return false;
  if (finding.rule === innerIncomplete.id || finding.rule === innerDeviates.id) return hasWholeInner(source);
  if (finding.rule !== keyWithoutSize.id) return true;
  const name = deviationOf(map, finding)?.field.name;
  return !source.required.deviations.some(({ kind, field }) => STAYING.has(kind) && field.name === name);
}
