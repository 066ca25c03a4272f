import type { TypeRecords } from "../btf/type-records.ts";
import { TAG } from "../dwarf/constants.ts";
import { completeType } from "./complete.ts";
import { type Entry, type Lowering, PRUNED } from "./entries.ts";
import { bindPruned } from "./fixups.ts";
import type { Strings } from "./strings.ts";

/** BTFDebug's completion passes: they alone decide the order of the string table. */
export interface Passes {
  /** Completes the entries that were appended since the last pass (the loop over TypeEntries at the end of each signature). */
  pass(): void;
  /** Binds pruned pointers and completes what is left (the end of BTFDebug::endModule). */
  finish(): void;
}

/** An entry whose record says all that anybody will ask. */
const COMPLETE: Entry = { entry: "index", row: undefined };

/** What is asked of an entry that is complete: a large program would keep millions of types twice. */
function whatIsLeft(entry: Entry): Entry {
  // A pruned pointer waits for its target; a DATASEC's items name symbols, for relocations.
  const isAsked = entry.entry === "datasec" || (entry.entry === "reference" && entry.target === PRUNED);
  return isAsked ? entry : COMPLETE;
}

/** Passes over the entries of a lowering; names go to `strings`, records to `records`. */
export function passesOver(lowering: Lowering, strings: Strings, records: TypeRecords): Passes {
  const { dwarf, entries } = lowering;
  /** First STRUCT or UNION of each name, by string offset. */
  const composites = new Map<number, number>();
  const pass = (): void => {
    for (let index = records.count; index < entries.length; index++) {
      const entry = entries[index];
      if (entry === undefined) continue;
      const type = completeType(lowering, entry, strings);
      const id = records.add(type);
      const isRecord =
        entry.entry === "composite" && entry.row !== undefined && dwarf.tag(entry.row) !== TAG.variantPart;
      if (isRecord && !composites.has(type.nameOff)) composites.set(type.nameOff, id);
      entries[index] = whatIsLeft(entry);
    }
  };
  return {
    pass,
    finish(): void {
      pass();
      const bound = bindPruned(lowering, (name) => composites.get(strings.find(name) ?? -1));
      pass();
      for (const id of bound) {
        const entry = entries[id - 1];
        if (entry !== undefined) records.replace(id, completeType(lowering, entry, strings));
      }
    },
  };
}
