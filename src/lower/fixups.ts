import { TAG } from "../dwarf/constants.ts";
import { addEntry, type Lowering } from "./entries.ts";
import type { PlacedName } from "./strings.ts";
import { addTypeTags } from "./tags.ts";

/** Id of the first STRUCT or UNION that has the name of a DIE. */
export type RecordFinder = (name: PlacedName) => number | undefined;

/**
 * Binds pruned pointers (the end of BTFDebug::endModule): to the first STRUCT or UNION of the same *name*, whatever it is (LLVM's
 * defect, mirrored), else to a new FWD. In order of first need; LLVM's own order is that of heap addresses. Returns the pointers' ids.
 */
export function bindPruned(lowering: Lowering, recordNamed: RecordFinder): readonly number[] {
  const { dwarf, entries, waiting } = lowering;
  const bound: number[] = [];
  for (const [composite, { name, references }] of waiting) {
    const union = dwarf.tag(composite) === TAG.unionType;
    const target = recordNamed(name) ?? addEntry(lowering, { entry: "fwd", row: composite, union, name }, undefined);
    for (const id of references) {
      const reference = entries[id - 1];
      if (reference?.entry !== "reference") continue;
      reference.target = addTypeTags(lowering, reference.row, { id: target });
      bound.push(id);
    }
  }
  waiting.clear();
  return bound;
}
