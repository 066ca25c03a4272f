import { BtfFixError } from "../../errors.ts";
import { KIND_NUMBER } from "../model.ts";
import { CandidateTable } from "./candidates.ts";
import type { TypeGraph } from "./graph.ts";

const { var: VAR, datasec: DATASEC } = KIND_NUMBER;

/** In `map`: nothing is known of the type yet; its references are being resolved. */
export const UNMAPPED = 0xffff_ffff;
export const IN_PROGRESS = 0xffff_fffe;

/** What the passes work on: which type stands for which. */
export interface Mapping {
  readonly graph: TypeGraph;
  /**
   * By id, the id that stands for it, itself if it is canonical. Chains are short: FWD → its duplicate → struct → the canonical
   * one.
   */
  readonly map: Uint32Array;
  /** The canonical types. */
  readonly table: CandidateTable;
  readonly work: Work;
}

/** A mapping in which only void, VARs and DATASECs, of which each is its own, stand for anything. */
export function startMapping(graph: TypeGraph): Mapping {
  const { lastId, kinds } = graph;
  const map = new Uint32Array(lastId + 1).fill(UNMAPPED);
  map[0] = 0;
  for (let id = 1; id <= lastId; id++) if (kinds[id] === VAR || kinds[id] === DATASEC) map[id] = id;
  return { graph, map, table: new CandidateTable(lastId), work: new Work(graph) };
}

/** True if it is known what stands for the type. */
export function isMapped({ map }: Mapping, id: number): boolean {
  return (map[id] ?? UNMAPPED) < IN_PROGRESS;
}

/** The type that stands for this one as far as is known; the id itself where nothing is. */
export function resolve({ map }: Mapping, id: number): number {
  let at = id;
  for (;;) {
    const next = map[at] ?? UNMAPPED;
    if (next === at || next >= IN_PROGRESS) return at;
    at = next;
  }
}

const STEPS_PER_WORD = 100;
const LEAST_STEPS = 20_000_000;

/**
 * Counts what comparisons take: some eleven steps a word for a kernel's types, however often each is there. But types can be
 * laid out so that each is compared with all of the others; then it ends here.
 */
export class Work {
  private left: number;

  constructor({ words }: TypeGraph) {
    this.left = LEAST_STEPS + STEPS_PER_WORD * words.length;
  }

  /** Error: `LIMIT_EXCEEDED`. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0)
      throw new BtfFixError("LIMIT_EXCEEDED", "too many types resemble each other to deduplicate them");
  }
}
