import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a judge did with an input: it answered, or it fell over it, which is a verdict of its own and no refusal. */
export type Outcome<T> =
  | { readonly outcome: "answer"; readonly value: T }
  | { readonly outcome: "crash"; readonly signal: string }
  | { readonly outcome: "panic"; readonly message: string }
  | { readonly outcome: "timeout"; readonly seconds: number };

/** A program to run once, to its end or to the time limit. */
export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  /** Bytes for standard input; none by default. */
  readonly input?: Uint8Array;
  /** Time limit in seconds, 60 by default. */
  readonly seconds?: number;
  /** Give the program a mount namespace with an empty bpffs of its own, which takes every pin with it. */
  readonly privateBpffs?: boolean;
}

const largestOutput = 512 << 20;

function commandLine(call: Call): readonly string[] {
  if (call.privateBpffs !== true) return [call.program, ...call.args];
  const mount = 'mount -t bpf bpf /sys/fs/bpf && exec "$@"';
  return ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, "sh", call.program, ...call.args];
}

/** Runs the call and sorts out crash, panic (Rust's or Go's) and time-out; whatever else happened is an answer. */
export function run(call: Call): Outcome<{ stdout: Buffer; stderr: string; status: number }> {
  const seconds = call.seconds ?? 60;
  const [program = "", ...args] = commandLine(call);
  const result: SpawnSyncReturns<Buffer> = spawnSync(program, args, {
    input: call.input ?? new Uint8Array(),
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
    maxBuffer: largestOutput,
  });
  const code = (result.error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ETIMEDOUT") return { outcome: "timeout", seconds };
  const stderr = result.stderr?.toString("utf8") ?? "";
  // A stream that the judge stops reading early shows as EPIPE; how it ended says more.
  if (result.error !== undefined && code !== "EPIPE") throw result.error;
  const panic = /^(?:thread '.*' (?:\(\d+\) )?panicked at .*|panic: .*|fatal error: .*)$/m.exec(stderr);
  if (panic !== null) return { outcome: "panic", message: stderr.slice(panic.index).trim().slice(0, 2000) };
  if (result.signal !== null) return { outcome: "crash", signal: result.signal };
  return { outcome: "answer", value: { stdout: result.stdout, stderr, status: result.status ?? -1 } };
}

/** The same for a driver of ours, which prints JSON and exits 0 whatever it thinks of the input. */
export function runJson<T>(call: Call): Outcome<T> {
  const result = run(call);
  if (result.outcome !== "answer") return result;
  const { stdout, stderr, status } = result.value;
  if (status !== 0) throw new Error(`${call.program} exited with ${status}: ${stderr.trim()}`);
  return { outcome: "answer", value: JSON.parse(stdout.toString("utf8")) as T };
}

/** One JSON value per line. */
export function jsonLines<T>(text: Buffer): T[] {
  return text
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

/** The value of an answer; anything else throws, with what happened in its message. */
export function answer<T>(outcome: Outcome<T>): T {
  if (outcome.outcome === "answer") return outcome.value;
  throw new Error(`the judge gave no answer: ${JSON.stringify(outcome)}`);
}

/** Calls `use` with the path of a fresh folder that is gone afterwards. */
export function inScratch<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-judge-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls `use` with the path of a file that holds `bytes`; a path is passed through as it is. */
export function asFile<T>(input: Uint8Array | string, name: string, use: (path: string) => T): T {
  if (typeof input === "string") return use(input);
  return inScratch((folder) => {
    const path = join(folder, name);
    writeFileSync(path, input);
    return use(path);
  });
}
