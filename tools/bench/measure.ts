import { spawnSync } from "node:child_process";

/** A process to be timed from its start to its end. */
export interface Run {
  readonly program: string;
  readonly args: readonly string[];
  /** Set beside the environment of the bench itself. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Comparison {
  /** Medians, in milliseconds. */
  readonly subject: number;
  readonly reference: number;
  /** Median of the ratios of the pairs, which drifts less than the ratio of the medians. */
  readonly ratio: number;
  /** Lower and upper quartile of the ratios. */
  readonly spread: readonly [number, number];
}

/** Where one run of btf-fix spent its time, and its peak memory: the line that BTF_FIX_TRACE=1 prints. */
export interface Split {
  readonly phases: ReadonlyMap<string, number>;
  readonly peakMiB: number;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

function timed({ program, args, env }: Run): number {
  const environment = { ...process.env, ...env };
  const start = process.hrtime.bigint();
  const run = spawnSync(program, args, { stdio: "ignore", env: environment });
  const end = process.hrtime.bigint();
  // 1 is "defects remain", which is a complete run.
  if (run.status !== 0 && run.status !== 1) throw new Error(`${program} ${args.join(" ")} exits with ${run.status}`);
  return Number(end - start) / 1e6;
}

/** Times two processes in turn, so that both see the same machine; the first pairs warm the file cache and are not counted. */
export function compare(subject: Run, reference: Run, pairs: number): Comparison {
  const times = { subject: [] as number[], reference: [] as number[], ratio: [] as number[] };
  for (let i = -3; i < pairs; i++) {
    const subjectFirst = i % 2 === 0;
    const first = timed(subjectFirst ? subject : reference);
    const second = timed(subjectFirst ? reference : subject);
    if (i < 0) continue;
    const [ours, theirs] = subjectFirst ? [first, second] : [second, first];
    times.subject.push(ours);
    times.reference.push(theirs);
    times.ratio.push(ours / theirs);
  }
  return {
    subject: quantile(times.subject, 0.5),
    reference: quantile(times.reference, 0.5),
    ratio: quantile(times.ratio, 0.5),
    spread: [quantile(times.ratio, 0.25), quantile(times.ratio, 0.75)],
  };
}

interface TraceLine {
  readonly trace: { readonly phases: Readonly<Record<string, number>>; readonly peakKiB: number };
}

/** Runs btf-fix with its trace on and takes the median of each phase, in milliseconds, and the greatest peak. */
export function splitOf({ program, args, env }: Run, runs: number): Split {
  const phases = new Map<string, number[]>();
  let peak = 0;
  for (let i = 0; i < runs; i++) {
    const { stderr } = spawnSync(program, args, {
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env, BTF_FIX_TRACE: "1" },
    });
    const line = stderr.split("\n").find((text) => text.startsWith('{"trace"'));
    if (line === undefined) throw new Error(`no trace line: ${stderr.trim()}`);
    const { trace } = JSON.parse(line) as TraceLine;
    peak = Math.max(peak, trace.peakKiB);
    for (const [phase, ms] of Object.entries(trace.phases)) phases.set(phase, [...(phases.get(phase) ?? []), ms]);
  }
  return {
    phases: new Map([...phases].map(([phase, values]) => [phase, quantile(values, 0.5)])),
    peakMiB: peak / 1024,
  };
}
