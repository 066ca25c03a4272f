import { type Blob, blobOf, codecSeeds, FAMILIES, type Family } from "./blobs.ts";
import { readAll, type Taken } from "./readers.ts";

/** What all readers together may take for one blob of up to 4 kB, in milliseconds of CPU time: the 0.5 s. */
export const LIMIT_MS = 500;

/** How many blobs of a family were taken by whom. */
export type Counts = { -readonly [Reader in keyof Taken]: number } & { count: number };

/** What a run has seen. */
export interface CodecCampaign {
  readonly seed: number;
  readonly count: number;
  /** Blobs that some reader took. */
  readonly taken: number;
  readonly byFamily: ReadonlyMap<Family, Counts>;
  /** The blob that took the longest, in milliseconds of CPU time. */
  readonly slowest: number;
  /** One text a failure, with the number of its blob. */
  readonly failures: readonly string[];
}

/** What a run does besides counting. */
export interface Watch {
  /** Called with the number of each blob before it is read. */
  readonly onBlob?: (number: number) => void;
  readonly onFailure?: (blob: Blob, number: number) => void;
}

const ENOUGH = 20;

function countsOf(byFamily: Map<Family, Counts>, family: Family): Counts {
  const known = byFamily.get(family);
  if (known !== undefined) return known;
  const fresh = { count: 0, btf: 0, ext: 0, elf: 0, kernel: 0, libbpf: 0 };
  byFamily.set(family, fresh);
  return fresh;
}

/** Gives blobs 0 to `count` of this seed to all readers; stops after twenty failures. Seeds are the corpus below `root`. */
export function codecCampaign(root: string, seed: number, count: number, watch: Watch = {}): CodecCampaign {
  const seeds = codecSeeds(root);
  const byFamily = new Map<Family, Counts>();
  const failures: string[] = [];
  let taken = 0;
  let slowest = 0;
  let number = 0;
  for (; number < count && failures.length < ENOUGH; number++) {
    watch.onBlob?.(number);
    const blob = blobOf(seeds, seed, number);
    const counts = countsOf(byFamily, blob.family);
    counts.count++;
    const start = process.cpuUsage();
    try {
      const answers = Object.entries(readAll(blob.bytes, number)) as [keyof Taken, boolean | undefined][];
      const by = answers.filter(([, took]) => took === true);
      for (const [reader] of by) counts[reader]++;
      if (by.length > 0) taken++;
    } catch (error) {
      const thrown = error instanceof Error ? error.stack : String(error);
      failures.push(`seed ${seed}, blob ${number} (${blob.family}): ${thrown}`);
      watch.onFailure?.(blob, number);
    }
    const { user, system } = process.cpuUsage(start);
    const ms = (user + system) / 1000;
    slowest = Math.max(slowest, ms);
    if (ms > LIMIT_MS) {
      failures.push(`seed ${seed}, blob ${number} (${blob.family}): ${ms.toFixed(0)} ms of CPU time`);
      watch.onFailure?.(blob, number);
    }
  }
  return { seed, count: number, taken, byFamily, slowest, failures };
}

/** The figures of a run, one family a line. */
export function codecFigures({ byFamily }: CodecCampaign): string {
  const lines = FAMILIES.flatMap((family) => {
    const counts = byFamily.get(family);
    if (counts === undefined) return [];
    const { count, ...readers } = counts;
    const shares = Object.entries(readers).map(([reader, took]) => `${reader} ${((100 * took) / count).toFixed(1)} %`);
    return [`  ${family}: ${count} blobs, taken by ${shares.join(", ")}`];
  });
  return lines.join("\n");
}
