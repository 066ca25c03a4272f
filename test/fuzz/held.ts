import { BtfFixError } from "../../src/errors.ts";
import { memoryMeter } from "./memory.ts";

/** What runs came to so far; times in milliseconds of CPU time, memory in MiB. */
export interface Counts {
  results: number;
  errors: number;
  slowest: number;
  largest: number;
}

/** What one run may take. */
export interface Bounds {
  readonly ms: number;
  readonly mib: number;
}

const meter = memoryMeter();

/**
 * Runs an action that may give a result or a BtfFixError, and no more time or memory than its bounds; throws otherwise. CPU time counts: the
 * machine may be busy with other things.
 */
export async function held(what: string, bounds: Bounds, counts: Counts, action: () => unknown): Promise<void> {
  meter.start();
  const start = process.cpuUsage();
  try {
    await action();
    counts.results++;
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
    counts.errors++;
  }
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1000;
  const mib = meter.peak();
  counts.slowest = Math.max(counts.slowest, ms);
  counts.largest = Math.max(counts.largest, mib);
  if (ms > bounds.ms) throw new Error(`${what} took ${ms.toFixed(0)} ms of CPU time`);
  if (mib > bounds.mib) throw new Error(`${what} took ${mib.toFixed(0)} MiB`);
}
