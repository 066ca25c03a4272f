import { type Btf, type BtfType, LINKAGE_EXTERN, LINKAGE_GLOBAL, typesWithIds } from "../model.ts";
import { nameText } from "../names.ts";
import { mapReferences } from "../walk.ts";

/** What is left of a record that nothing refers to any more: ids behind it stay. */
const EMPTY: BtfType = { kind: "struct", nameOff: 0, size: 0, bitfields: false, members: [] };

/** Id of the definition by that of the extern, for FUNCs and VARs of one name. */
function definitions(btf: Btf): ReadonlyMap<number, number> {
  const defined = new Map<string, number>();
  const externs = new Map<number, string>();
  for (const [id, type] of typesWithIds(btf)) {
    if (type.kind !== "func" && type.kind !== "var") continue;
    const key = `${type.kind} ${nameText(btf, type.nameOff)}`;
    if (type.linkage === LINKAGE_EXTERN) externs.set(id, key);
    if (type.linkage === LINKAGE_GLOBAL && !defined.has(key)) defined.set(key, id);
  }
  return new Map(
    [...externs].flatMap(([id, key]) => {
      const definition = defined.get(key);
      return definition === undefined ? [] : [[id, definition] as const];
    }),
  );
}

/**
 * Merged blobs without the externs that one of them defines: whoever named the extern names the definition, and its section lists it no
 * more. Neither the kernel nor libbpf takes an extern that the object itself defines. Ids stay.
 */
export function resolveExterns(btf: Btf): Btf {
  const resolved = definitions(btf);
  if (resolved.size === 0) return btf;
  const types = btf.types.map((type, index): BtfType => {
    if (resolved.has(btf.firstId + index)) return EMPTY;
    if (type.kind !== "datasec") return mapReferences(type, (id) => resolved.get(id) ?? id);
    const entries = type.entries.filter((entry) => !resolved.has(entry.type));
    if (entries.length === type.entries.length) return type;
    return entries.length === 0 ? EMPTY : { ...type, entries };
  });
  return { ...btf, types };
}
