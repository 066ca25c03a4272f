import { StringAppender } from "../btf/string-appender.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { nameOf } from "./names.ts";

/** The name of a DIE whose attributes shall not be read again: it may be far away by then. */
export interface PlacedName {
  readonly row: DieRow;
  /** `Dwarf.namePlace`. */
  readonly place: number | undefined;
}

/** A name as an entry states it: by the DIE that bears it (origins followed), or as it is. */
export type Name = DieRow | PlacedName | string | Uint8Array;

/** The string table in the making (BTFDebug's BTFStringTable). */
export interface Strings {
  /** Offset of a name, appended if it is not there yet. */
  add(name: Name): number;
  /** Offset of a DIE's name; undefined if no type has that name so far. */
  find(name: PlacedName): number | undefined;
  /** The table as it is now. */
  finish(): Uint8Array;
}

/** A table of names of `dwarf`, which holds only the empty string. Each name of a string section is looked at once, however many bear it. */
export function newStrings(dwarf: Dwarf): Strings {
  const table = new StringAppender(new Uint8Array(1), 0);
  /** Offsets by place of the name; 0 is not known yet, or empty. */
  const offsets = new Uint32Array(dwarf.namePlaces);
  /** Offsets of texts: paths of files come with every line. */
  const texts = new Map<string, number>();
  const ofText = (text: string): number => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    const offset = table.add(text);
    texts.set(text, offset);
    return offset;
  };
  const ofRow = (row: DieRow, place: number | undefined): number => {
    if (place === undefined) return table.add(nameOf(dwarf, row));
    const known = offsets[place] ?? 0;
    if (known !== 0) return known;
    const offset = table.add(nameOf(dwarf, row));
    offsets[place] = offset;
    return offset;
  };
  return {
    add(name) {
      if (typeof name === "number") return ofRow(name, dwarf.namePlace(name));
      if (typeof name === "string") return ofText(name);
      return "row" in name ? ofRow(name.row, name.place) : table.add(name);
    },
    find({ row, place }) {
      const known = offsets[place ?? -1] ?? 0;
      return known === 0 ? table.find(nameOf(dwarf, row)) : known;
    },
    finish: () => table.finish(),
  };
}
