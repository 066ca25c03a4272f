import type { BtfBuilder } from "../btf/builder.ts";
import type { BtfType } from "../btf/model.ts";
import { completeType } from "./complete.ts";
import type { Entry, Lowering, MemberEntry } from "./entries.ts";
import { bindPruned } from "./fixups.ts";

/** BTFDebug's completion passes: they alone decide the order of the string table. */
export interface Passes {
  /** Completes the entries that were appended since the last pass (the loop over TypeEntries at the end of each signature). */
  pass(): void;
  /** Binds pruned pointers, completes what is left and gives all records in id order (the end of BTFDebug::endModule). */
  finish(): readonly BtfType[];
}

/** An entry whose record says all that anybody will ask. */
const COMPLETE: Entry = { entry: "index", row: undefined };
const NO_MEMBERS: readonly MemberEntry[] = [];

/** What is asked of an entry that is complete: a large program would keep millions of types twice. */
function whatIsLeft(entry: Entry): Entry {
  switch (entry.entry) {
    case "reference": // It may wait for its target.
    case "datasec": // Its items name symbols, for relocations.
      return entry;
    case "composite": // Pruned pointers are bound to it by name.
      return { ...entry, members: NO_MEMBERS };
    default:
      return COMPLETE;
  }
}

/** Passes over the entries of a lowering; names go to `builder`. */
export function passesOver(lowering: Lowering, builder: BtfBuilder): Passes {
  const { entries, waiting } = lowering;
  const types: BtfType[] = [];
  const pass = (): void => {
    for (let index = types.length; index < entries.length; index++) {
      const entry = entries[index];
      if (entry === undefined) continue;
      types.push(completeType(lowering, entry, builder));
      entries[index] = whatIsLeft(entry);
    }
  };
  return {
    pass,
    finish(): readonly BtfType[] {
      const pruned = new Set<Entry>([...waiting.values()].flat());
      bindPruned(lowering);
      pass();
      for (const [index, entry] of entries.entries()) {
        if (pruned.has(entry)) types[index] = completeType(lowering, entry, builder);
      }
      return types;
    },
  };
}
