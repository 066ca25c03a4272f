import type { Btf, BtfType } from "../btf/model.ts";
import { TAG } from "../dwarf/constants.ts";
import { completeType } from "./complete.ts";
import type { Lowering } from "./entries.ts";
import { bindPruned, type RecordFinder } from "./fixups.ts";
import { cutLoops, graphOfTypes } from "./loops.ts";
import { nameOf } from "./names.ts";
import { newStrings } from "./strings.ts";

/** Every byte is one character of this encoding, so that byte strings can be map keys. */
const bytewise = new TextDecoder("latin1");

/** Completed entries as a blob that grows. */
export interface Emitter {
  /** Completes all entries that were appended since the last call (BTFDebug's completion pass over TypeEntries). */
  settle(): void;
  /** The blob so far; equal calls return the same object. */
  btf(): Btf;
}

/** An emitter over the entries of a lowering. */
export function emitterOf(lowering: Lowering): Emitter {
  const { entries, littleEndian } = lowering;
  const strings = newStrings(lowering.dwarf);
  const types: BtfType[] = [];
  let blob: Btf | undefined;
  return {
    settle(): void {
      if (lowering.waiting.size > 0) bindPruned(lowering, recordFinder(lowering));
      const done = types.length;
      if (done === entries.length) return;
      const fresh = entries.slice(done).map((entry) => completeType(lowering, entry, strings));
      cutLoops(graphOfTypes(fresh, done + 1));
      for (const type of fresh) types.push(type);
      blob = undefined;
    },
    btf(): Btf {
      // Copies: both lists go on growing.
      blob ??= {
        littleEndian,
        types: [...types],
        firstId: 1,
        strings: { bytes: strings.finish() },
        base: undefined,
        wire: undefined,
      };
      return blob;
    },
  };
}

function recordFinder({ dwarf, entries }: Lowering): RecordFinder {
  const byName = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    if (entry.entry !== "composite" || entry.row === undefined || dwarf.tag(entry.row) === TAG.variantPart) continue;
    const name = bytewise.decode(nameOf(dwarf, entry.row));
    if (!byName.has(name)) byName.set(name, index + 1);
  }
  return ({ row }) => byName.get(bytewise.decode(nameOf(dwarf, row)));
}
