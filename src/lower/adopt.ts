import { type Btf, typeById } from "../btf/model.ts";
import { references } from "../btf/walk.ts";
import { addEntry, type Lowering, type TypeRef } from "./entries.ts";
import { visitType } from "./visit.ts";
import type { RowFinder } from "./witness-rows.ts";

/** Takes types over from another blob: by their DIE where DWARF has one, else record by record. */
export interface Adopter {
  /** What an id of the other blob means here, without bringing in anything. */
  ref(id: number): TypeRef;
  /** Brings in the type and all that it reaches, in BTFDebug's order: an entry first, then its references. */
  visit(id: number): TypeRef;
}

/** An adopter of the types of `btf`. Records that are adopted keep what they say; their names and references are made anew. */
export function adopterOf(lowering: Lowering, btf: Btf, rowOf: RowFinder): Adopter {
  const refs = new Map<number, TypeRef>([[0, { row: undefined }]]);
  const visit = (first: number): TypeRef => {
    const stack = [first];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      const row = rowOf(id);
      if (row !== undefined) {
        refs.set(id, { row });
        visitType(lowering, row);
        continue;
      }
      const type = typeById(btf, id);
      if (type === undefined || refs.has(id)) continue;
      const entry = { entry: "adopted", row: undefined, from: btf, type, ids: refs } as const;
      refs.set(id, { id: addEntry(lowering, entry, undefined) });
      stack.push(...references(type).toReversed());
    }
    return refs.get(first) ?? { row: undefined };
  };
  return { ref: (id) => refs.get(id) ?? { row: rowOf(id) }, visit };
}
