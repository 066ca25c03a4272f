import { blobOf, codecSeeds, FAMILIES, type Family } from "./blobs.ts";
import { readAll } from "./readers.ts";

/** No blob may take longer, on a machine that others use too. */
export const LIMIT_MS = 500;

/** What became of a run. */
export interface CodecRun {
  readonly count: number;
  /** Blobs that some reader took. */
  readonly taken: number;
  /** The slowest blob, in milliseconds. */
  readonly slowest: number;
  /** Blobs that threw something else than a BtfFixError, or took too long, each with its seed and number. */
  readonly failures: readonly string[];
  /** By family, how many blobs each reader took. */
  readonly figures: readonly string[];
}

const READERS = ["btf", "ext", "elf", "kernel", "libbpf"] as const;

/** Blobs between two signs of life. */
const EVERY = 500;

/** Gives `count` blobs to all readers. `say` is told of each batch before it begins. */
export function runBlobs(root: string, seed: number, count: number, say: (line: string) => void): CodecRun {
  const seeds = codecSeeds(root);
  const failures: string[] = [];
  const took = new Map<Family, number[]>(FAMILIES.map((family) => [family, [0, 0, 0, 0, 0, 0]]));
  let taken = 0;
  let slowest = 0;
  for (let number = 0; number < count && failures.length < 20; number++) {
    if (number % EVERY === 0) say(`case seed ${seed} from blob ${number}`);
    const { family, bytes } = blobOf(seeds, seed, number);
    const row = took.get(family) ?? [];
    const start = performance.now();
    try {
      const result = readAll(bytes, number);
      READERS.forEach((reader, index) => {
        if (result[reader] === true) row[index] = (row[index] ?? 0) + 1;
      });
      if (READERS.some((reader) => result[reader] === true)) taken++;
    } catch (error) {
      failures.push(`seed ${seed} blob ${number} (${family}): ${error instanceof Error ? error.stack : String(error)}`);
    }
    const time = performance.now() - start;
    row[5] = (row[5] ?? 0) + 1;
    slowest = Math.max(slowest, time);
    if (time > LIMIT_MS) failures.push(`seed ${seed} blob ${number} (${family}): ${time.toFixed(0)} ms`);
  }
  const figures = [...took].map(
    ([family, row]) => `${family}: ${row[5]} blobs; ${READERS.map((name, i) => `${name} ${row[i]}`).join(", ")}`,
  );
  return { count, taken, slowest, failures, figures };
}
