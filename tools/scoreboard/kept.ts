import type { PlannedChange } from "../../src/index.ts";
import type { DumpedType } from "./btf-types.ts";
import { escaped } from "./shape.ts";

/** Names of the parts that must not get lost: members, enumerators, parameters, entries of a section. An unnamed one may get a name. */
function parts(type: DumpedType): string[] {
  const named = [...(type.members ?? []), ...(type.values ?? []), ...(type.params ?? [])].map(({ name }) =>
    name === "(anon)" ? "" : escaped(name),
  );
  return [...named.filter((name) => name !== ""), ...(type.vars ?? []).map(({ type_id }) => `[${type_id}]`)];
}

function count({ members, values, params, vars }: DumpedType): number {
  return [members, values, params, vars].reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

/** Ids that the plan names: as target of a change, or in its text. */
function plannedIds(plan: readonly PlannedChange[]): ReadonlySet<number> {
  const ids = new Set<number>();
  for (const { what, typeId } of plan) {
    if (typeId !== undefined) ids.add(typeId);
    for (const match of what.matchAll(/\[(\d+)\]/g)) ids.add(Number(match[1]));
  }
  return ids;
}

function lost(before: DumpedType, after: DumpedType | undefined): string | undefined {
  if (after === undefined) return "is gone";
  if (after.kind !== before.kind) return `became ${after.kind}`;
  if (escaped(after.name) !== escaped(before.name)) return `is now called ${after.name}`;
  if (after.size !== before.size && before.kind !== "DATASEC") return `has now size ${after.size}`;
  const left = parts(after);
  for (const part of parts(before)) {
    const at = left.indexOf(part);
    if (at < 0) return `lost ${part}`;
    left.splice(at, 1);
  }
  if (count(after) < count(before)) return "lost an unnamed part";
  return undefined;
}

/** Whether the variables of a section `maps` are listed in `.maps` now, where their definitions went. */
function movedToMaps(before: DumpedType, fixed: ReadonlyMap<number, DumpedType>): boolean {
  if (before.kind !== "DATASEC" || before.name !== "maps") return false;
  const now = [...fixed.values()].filter(({ kind, name }) => kind === "DATASEC" && name === ".maps");
  const listed = new Set(now.flatMap(({ vars }) => (vars ?? []).map(({ type_id }) => type_id)));
  return (before.vars ?? []).every(({ type_id }) => listed.has(type_id));
}

/** What is gone from the raw object's types, id by id, and no change of the plan speaks of it. */
export function lostTypes(
  raw: ReadonlyMap<number, DumpedType>,
  fixed: ReadonlyMap<number, DumpedType>,
  plan: readonly PlannedChange[],
): string[] {
  const planned = plannedIds(plan);
  return [...raw.values()].flatMap((before) => {
    const what = planned.has(before.id) || movedToMaps(before, fixed) ? undefined : lost(before, fixed.get(before.id));
    return what === undefined ? [] : [`${before.kind} ${before.name} [${before.id}] ${what}, which no repair says`];
  });
}
