import { BtfBuilder } from "../btf/builder.ts";
import type { Btf } from "../btf/model.ts";
import { completeType } from "./complete.ts";
import type { Lowering } from "./entries.ts";
import { bindPruned } from "./fixups.ts";
import { cutLoops } from "./loops.ts";

/** Completed entries as a blob that grows. */
export interface Emitter {
  /** Completes all entries that were appended since the last call (BTFDebug's completion pass over TypeEntries). */
  settle(): void;
  /** The blob so far; equal calls return the same object. */
  btf(): Btf;
}

/** An emitter over the entries of a lowering. */
export function emitterOf(lowering: Lowering): Emitter {
  const builder = BtfBuilder.empty(lowering.littleEndian);
  let blob: Btf | undefined;
  return {
    settle(): void {
      bindPruned(lowering);
      const done = builder.nextId - 1;
      if (done === lowering.entries.length) return;
      const fresh = lowering.entries.slice(done).map((entry) => completeType(lowering, entry, builder));
      for (const type of cutLoops(fresh, done + 1)) builder.add(type);
      blob = undefined;
    },
    btf(): Btf {
      if (blob === undefined) {
        const built = builder.finish();
        // The builder goes on appending to its own list.
        blob = { ...built, types: [...built.types] };
      }
      return blob;
    },
  };
}
