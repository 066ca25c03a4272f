import type { BtfDatasec, BtfSecInfo } from "../model.ts";

/** One part's DATASEC, already renumbered, and how many bytes of the joined section come before its piece. */
export interface DatasecPiece {
  readonly datasec: BtfDatasec;
  readonly start: number;
}

/**
 * One DATASEC of the entries of all, each moved by where its part's piece of the section starts, in order of offsets. Its size
 * is 0, for the loader to fill in as in any object file, unless all of them have one.
 */
export function joinDatasecs(first: DatasecPiece, others: readonly DatasecPiece[]): BtfDatasec {
  const pieces = [first, ...others];
  const entries: BtfSecInfo[] = pieces.flatMap(({ datasec, start }) =>
    start === 0 ? datasec.entries : datasec.entries.map((entry) => ({ ...entry, offset: entry.offset + start })),
  );
  const isLaidOut = pieces.every(({ datasec }) => datasec.size > 0);
  const size = isLaidOut ? pieces.reduce((end, { datasec, start }) => Math.max(end, start + datasec.size), 0) : 0;
  return { ...first.datasec, size, entries: entries.sort((a, b) => a.offset - b.offset) };
}
