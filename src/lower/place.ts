import type { DieRow, Dwarf, SourcePlace } from "../dwarf/model.ts";
import { BtfFixError } from "../errors.ts";

/** Where the source declares a DIE. A place is for messages only: a broken line table costs the place, not the lowering. */
export function placeOf(dwarf: Dwarf, row: DieRow): SourcePlace | undefined {
  try {
    return dwarf.place(row);
  } catch (error) {
    if (error instanceof BtfFixError) return undefined;
    throw error;
  }
}
