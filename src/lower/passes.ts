import type { BtfBuilder } from "../btf/builder.ts";
import type { BtfType } from "../btf/model.ts";
import { completeType } from "./complete.ts";
import type { Entry, Lowering } from "./entries.ts";
import { bindPruned } from "./fixups.ts";

/** BTFDebug's completion passes: they alone decide the order of the string table. */
export interface Passes {
  /** Completes the entries that were appended since the last pass (the loop over TypeEntries at the end of each signature). */
  pass(): void;
  /** Binds pruned pointers, completes what is left and gives all records in id order (the end of BTFDebug::endModule). */
  finish(): readonly BtfType[];
}

/** Passes over the entries of a lowering; names go to `builder`. */
export function passesOver(lowering: Lowering, builder: BtfBuilder): Passes {
  const { entries, waiting } = lowering;
  const types: BtfType[] = [];
  const pass = (): void => {
    for (const entry of entries.slice(types.length)) types.push(completeType(lowering, entry, builder));
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
