import { readFileSync, writeFileSync } from "node:fs";

function statusField(name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync("/proc/self/status", "latin1"));
  return Number(match?.[1] ?? Number.NaN);
}

/** Measures the memory that an action takes on top of what the process holds, at its peak. */
export interface MemoryMeter {
  start(): void;
  /** MiB since `start`; 0 where the system cannot tell. */
  peak(): number;
}

/** Linux resets the high-water mark of a process when "5" is written to clear_refs (proc(5)). */
export function memoryMeter(): MemoryMeter {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
    if (Number.isNaN(statusField("VmHWM"))) throw new Error("no VmHWM");
  } catch {
    return { start: () => {}, peak: () => 0 };
  }
  let before = 0;
  return {
    start() {
      writeFileSync("/proc/self/clear_refs", "5");
      before = statusField("VmRSS");
    },
    peak: () => (statusField("VmHWM") - before) / 1024,
  };
}
