import { type Btf, typeById } from "../btf/model.ts";
import { references } from "../btf/walk.ts";
import type { DieRow } from "../dwarf/model.ts";
import { addEntry, type Lowering, type TypeRef } from "./entries.ts";
import { addIndexType, visitType } from "./visit.ts";
import type { RowFinder } from "./witness-rows.ts";

/** Takes types over from another blob: by their DIE where DWARF has one, else record by record. */
export interface Adopter {
  /**
   * Brings in the type and all that it reaches, in BTFDebug's order: an entry first, then its references; but an array behind its
   * element, with the index type after it. With `accept`, the type itself is taken from a DIE only if that is accepted.
   */
  visit(id: number, accept?: (row: DieRow) => boolean): TypeRef;
}

/** An adopter of the types of `btf`. Records that are adopted keep what they say; their names and references are made anew. */
export function adopterOf(lowering: Lowering, btf: Btf, rowOf: RowFinder): Adopter {
  const refs = new Map<number, TypeRef>([[0, { row: undefined }]]);
  const visit = (first: number, accept: (row: DieRow) => boolean = () => true): TypeRef => {
    const stack = [first];
    const open = new Set<number>();
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      const row = rowOf(id);
      if (row !== undefined && (id !== first || accept(row))) {
        refs.set(id, { row });
        visitType(lowering, row);
        continue;
      }
      const type = typeById(btf, id);
      if (type === undefined || refs.has(id)) continue;
      if (type.kind === "array" && !open.has(id)) {
        open.add(id);
        stack.push(id, type.type);
        continue;
      }
      const entry = { entry: "adopted", row: undefined, from: btf, type, ids: refs } as const;
      refs.set(id, { id: addEntry(lowering, entry, undefined) });
      if (type.kind === "array") {
        addIndexType(lowering);
        refs.set(type.indexType, { id: lowering.indexType });
      } else {
        stack.push(...references(type).toReversed());
      }
    }
    return refs.get(first) ?? { row: undefined };
  };
  return { visit };
}
