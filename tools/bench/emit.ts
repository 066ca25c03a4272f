import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BigObject, bigObject } from "./big-object.ts";
import { type Run, splitOf } from "./measure.ts";

/** Goals of the emitter: milliseconds of own work on the fork object, and peak memory on the big object. */
const OWN_WORK_GOAL_MS = 5;
const PEAK_GOAL_MIB = 1536;
const COLD_RUNS = 21;
/** Bytes of `.debug_info` over which the slope is shown, and of the big object. */
const SLOPE = [10_000, 100_000, 1_000_000, 10_000_000, 40_000_000];
const BIG = 155_000_000;
const MEGABYTE = 1e6;
/** A run is given up after this long, in seconds: it says enough then. */
const PATIENCE = 600;

/** What one process took: seconds by the clock and of processor time (user and system), and the greatest resident size. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly peakMiB: number;
}

function emitRun(node: string, program: string, input: string, output: string): Run {
  return {
    program: node,
    args: [program, "emit", input, "-o", output, "--from", "dwarf"],
    env: { BTF_FIX_CACHE: join(dirname(program), "cache") },
  };
}

/** Runs a program under GNU time; a string says why there is no cost. */
function costOf({ program, args, env }: Run): Cost | string {
  const run = spawnSync("/usr/bin/time", ["-f", "cost %e %U %S %M", program, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    timeout: PATIENCE * 1000,
    env: { ...process.env, ...env },
  });
  if (run.error !== undefined) return run.error.message;
  const [, wall, user, system, peak] = /^cost (\S+) (\S+) (\S+) (\d+)$/m.exec(run.stderr) ?? [];
  if (run.status !== 0) return `exits with ${run.status}: ${run.stderr.trim().split("\n")[0] ?? ""}`;
  return { wall: Number(wall), cpu: Number(user) + Number(system), peakMiB: Number(peak) / 1024 };
}

/** Own work: what is left when Node's start, the reading and saving of files and the compilation of gimli are taken off. */
function ownWork(run: Run, runs: number): { readonly total: number; readonly split: string } {
  const { phases } = splitOf(run, runs);
  const own = ["dwarf", "lower", "write"].map((phase) => ({ phase, ms: phases.get(phase) ?? 0 }));
  return {
    total: own.reduce((sum, { ms }) => sum + ms, 0),
    split: own.map(({ phase, ms }) => `${phase} ${ms.toFixed(1)}`).join(", "),
  };
}

function met(value: number, goal: number): string {
  return value <= goal ? "met" : "missed";
}

/** Prints what `emit` costs on a small object, over a series of growing ones, and on the big one beside pahole. */
export function benchEmit(node: string, program: string, small: string, folder: string): void {
  const output = join(folder, "emitted.o");
  const own = ownWork(emitRun(node, program, small, output), COLD_RUNS);
  console.log(
    `emit: own work on the fork object ${own.total.toFixed(1)} ms (gimli made and DIEs counted: dwarf; ${own.split}), ` +
      `median of ${COLD_RUNS} cold processes (goal ${OWN_WORK_GOAL_MS}: ${met(own.total, OWN_WORK_GOAL_MS)})`,
  );
  for (const size of SLOPE) {
    const object = bigObject(size);
    const runs = size < 5 * MEGABYTE ? 3 : 1;
    console.log(`  ${slope(object, ownWork(emitRun(node, program, object.path, output), runs).total)}`);
  }
  benchBig(node, program, bigObject(BIG), output);
}

function slope({ infoSize, dies, units }: BigObject, own: number): string {
  const size = infoSize / MEGABYTE;
  return (
    `${size.toFixed(2)} MB of .debug_info, ${units} units, ${dies} DIEs: own work ${own.toFixed(0)} ms, ` +
    `${((own * 1000) / dies).toFixed(2)} us a DIE, ${(own / size).toFixed(0)} ms a MB`
  );
}

function benchBig(node: string, program: string, object: BigObject, output: string): void {
  const { path, infoSize, units, dies } = object;
  const size = infoSize / MEGABYTE;
  console.log(`  the big object: ${size.toFixed(1)} MB of .debug_info, ${units} units, ${dies} DIEs`);
  const encoded = `${output}.btf`;
  const pahole = existsSync("/usr/bin/pahole")
    ? costOf({ program: "/usr/bin/pahole", args: ["-j1", `--btf_encode_detached=${encoded}`, path], env: {} })
    : "not installed";
  const emit = costOf(emitRun(node, program, path, output));
  rmSync(encoded, { force: true });
  rmSync(output, { force: true });
  console.log(`    emit: ${costText(emit, size)}`);
  if (typeof emit !== "string") console.log(`    peak goal ${PEAK_GOAL_MIB} MiB: ${met(emit.peakMiB, PEAK_GOAL_MIB)}`);
  console.log(`    pahole -j1: ${costText(pahole, size)}`);
  if (typeof emit === "string" || typeof pahole === "string") return;
  const [wall, cpu] = [emit.wall / pahole.wall, emit.cpu / pahole.cpu];
  console.log(
    `    time of emit to pahole: ${wall.toFixed(2)} by the clock, ${cpu.toFixed(2)} of the processor ` +
      `(goal 1: ${met(cpu, 1)}); pahole also deduplicates, and writes types that LLVM leaves out`,
  );
}

function costText(cost: Cost | string, size: number): string {
  if (typeof cost === "string") return `no figure, ${cost}`;
  const { wall, cpu, peakMiB } = cost;
  return (
    `${wall.toFixed(1)} s (${cpu.toFixed(1)} s of the processor), ${((cpu / size) * 1000).toFixed(0)} ms of it a MB, ` +
    `peak ${peakMiB.toFixed(0)} MiB`
  );
}
