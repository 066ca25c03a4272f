import type { Host } from "./host.ts";

/** Where the time of one run went; on with BTF_FIX_TRACE=1, for `npm run bench`. */
export interface Trace {
  readonly on: boolean;
  /** Ends a phase: the time since the last mark is counted to it. */
  readonly mark: (phase: string) => void;
  /** One JSON line on stderr: milliseconds by phase, in order, their total since the process started, and the peak memory. */
  print(file: string): void;
}

const off: Trace = { on: false, mark: () => {}, print: () => {} };

/** Begins with the phase "start": everything since the process was created. */
export function startTrace(host: Host): Trace {
  if (host.env["BTF_FIX_TRACE"] !== "1") return off;
  const phases = new Map<string, number>();
  let last = 0;
  const mark = (phase: string): void => {
    const now = host.now();
    phases.set(phase, (phases.get(phase) ?? 0) + now - last);
    last = now;
  };
  mark("start");
  return {
    on: true,
    mark,
    print(file) {
      const rounded = [...phases].map(([phase, ms]) => [phase, Math.round(ms * 100) / 100]);
      const trace = {
        file,
        phases: Object.fromEntries(rounded),
        total: Math.round(last * 100) / 100,
        peakKiB: host.peakMemory(),
      };
      host.stderr(`${JSON.stringify({ trace })}\n`);
    },
  };
}
