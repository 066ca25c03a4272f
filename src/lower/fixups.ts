import { TAG } from "../dwarf/constants.ts";
import { addEntry, type Lowering } from "./entries.ts";
import { nameOf } from "./names.ts";
import { addTypeTags } from "./tags.ts";

/** Every byte is one character of this encoding, so that byte strings can be map keys. */
const bytewise = new TextDecoder("latin1");

/**
 * Binds pruned pointers (the end of BTFDebug::endModule): to the first STRUCT or UNION of the same *name*, whatever it is (LLVM's
 * defect, mirrored), else to a new FWD. In order of first need; LLVM's own order is that of heap addresses.
 */
export function bindPruned(lowering: Lowering): void {
  const { dwarf, waiting } = lowering;
  if (waiting.size === 0) return;
  const byName = new Map<string, number>();
  for (const [index, entry] of lowering.entries.entries()) {
    if (entry.entry !== "composite" || entry.row === undefined || dwarf.tag(entry.row) === TAG.variantPart) continue;
    const name = bytewise.decode(nameOf(dwarf, entry.row));
    if (!byName.has(name)) byName.set(name, index + 1);
  }
  for (const [composite, references] of waiting) {
    const union = dwarf.tag(composite) === TAG.unionType;
    const target =
      byName.get(bytewise.decode(nameOf(dwarf, composite))) ??
      addEntry(lowering, { entry: "fwd", row: composite, union }, undefined);
    for (const reference of references) {
      reference.target = addTypeTags(lowering, reference.row, { id: target });
    }
  }
  waiting.clear();
}
