import type { PlannedChange } from "../api.ts";
import type { ElfEdits } from "../elf/edit.ts";

/**
 * All that a repair changes in a file.
 *
 * Symbols that change between local and global are moved, and whoever counts symbols is renumbered, by `applyPlan`: contents of
 * relocation sections in `sections` still use the input's symbol numbers.
 */
export interface PatchPlan extends ElfEdits {
  /** Why: the repairs that led here, in order. */
  readonly changes: readonly PlannedChange[];
}

/** A plan that replaces section contents and nothing else: all that repairs of `.BTF` and `.BTF.ext` need. */
export function contentPlan(
  sections: ReadonlyMap<number, Uint8Array>,
  changes: readonly PlannedChange[] = [],
): PatchPlan {
  return { sections, symbols: [], relocations: [], headers: [], added: [], changes };
}

/** Whether applying the plan can change a byte. */
export function isEmptyPlan(plan: PatchPlan): boolean {
  const { sections, symbols, relocations, headers, added } = plan;
  return sections.size + symbols.length + relocations.length + headers.length + added.length === 0;
}
