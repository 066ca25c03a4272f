/** Calls everything that a `Dwarf` offers, for the tests that want nothing but "no crash". */
import { AT } from "../../src/dwarf/constants.ts";
import type { Dwarf, LineRow } from "../../src/dwarf/model.ts";

/** Attributes asked for of each row; an unknown one is among them. */
const ATTRIBUTES: readonly number[] = [...Object.values(AT), 0x1fff];

/** Reads up to `limit` rows by every method, then all lines. */
export function exercise(dwarf: Dwarf, limit: number): void {
  for (let row = 0; row < Math.min(dwarf.count, limit); row++) {
    dwarf.tag(row);
    dwarf.parent(row);
    for (const child of dwarf.children(row))
      if (dwarf.parent(child) !== row) throw new Error("a child has another parent");
    if (dwarf.rowAt(dwarf.offset(row)) !== row) throw new Error("an offset leads to another row");
    if (dwarf.unitOf(row).row > row || dwarf.unitOf(row).end <= row) throw new Error("a row lies outside of its unit");
    dwarf.name(row);
    dwarf.nameBytes(row);
    dwarf.linkageName(row);
    dwarf.lowPc(row);
    dwarf.staticAddress(row);
    dwarf.codeLength(row);
    dwarf.place(row);
    for (const attribute of ATTRIBUTES) {
      if (!dwarf.has(row, attribute)) continue;
      const target = dwarf.reference(row, attribute);
      if (target !== undefined && (target < 0 || target >= dwarf.count)) throw new Error("a reference leads nowhere");
      dwarf.flag(row, attribute);
      dwarf.number(row, attribute);
      dwarf.bigint(row, attribute);
      dwarf.string(row, attribute);
      dwarf.expression(row, attribute);
    }
  }
  dwarf.lines();
}

/** All rows of the line tables. */
export function lineRows(dwarf: Dwarf): readonly (LineRow | undefined)[] {
  const table = dwarf.lines();
  return Array.from({ length: table.length }, (_, index) => table.row(index));
}
