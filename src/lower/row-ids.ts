import type { DieRow } from "../dwarf/model.ts";

/** Ids by DIE; 0 is an id too. */
export interface RowIds {
  has(row: DieRow): boolean;
  get(row: DieRow): number | undefined;
  set(row: DieRow, id: number): void;
}

/** Ids of some of `count` DIEs: four bytes a DIE, where a map of a large program's millions would take ten times that a type. */
export function rowIds(count: number): RowIds {
  // One more than the id, so that 0 is none.
  const ids = new Uint32Array(count);
  return {
    has: (row) => (ids[row] ?? 0) !== 0,
    get(row) {
      const id = ids[row] ?? 0;
      return id === 0 ? undefined : id - 1;
    },
    set(row, id) {
      ids[row] = id + 1;
    },
  };
}
