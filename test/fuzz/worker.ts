import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { ROOT } from "../../tools/bundle.ts";

/** A case of which nothing is heard for so long (wall time, on a busy machine) hangs. */
const SILENCE_MS = 30_000;

/** What one worker did. */
export interface Heard {
  /** "ok", or what went wrong. */
  readonly end: string;
  readonly results: number;
  readonly errors: number;
  /** The slowest case in milliseconds, and the largest in MiB. */
  readonly slowest: number;
  readonly largest: number;
}

/** Programs that try cases in processes of their own, so that one that hangs or eats the memory can be ended from outside. */
export interface Workers {
  /** Runs one worker and ends it if it falls silent. */
  run(seed: number, runs: number): Promise<Heard>;
  remove(): void;
}

/** Builds the program of a child: `node child.mjs <root> <seed> <runs>`. */
export async function buildWorkers(entry: string): Promise<Workers> {
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-fuzz-"));
  const child = join(folder, "child.mjs");
  await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: child,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    sourcemap: "inline",
    logLevel: "warning",
  });
  return {
    run: (seed, runs) => worker(child, seed, runs),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function worker(child: string, seed: number, runs: number): Promise<Heard> {
  const process_ = spawn(process.execPath, ["--enable-source-maps", child, ROOT, String(seed), String(runs)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let last = "";
  let end: string | undefined;
  let stderr = "";
  let counts = { results: 0, errors: 0, slowest: 0, largest: 0 };
  const hang = (): void => {
    end = `seed ${seed}: hangs on ${last}`;
    process_.kill("SIGKILL");
  };
  let timer = setTimeout(hang, SILENCE_MS);
  process_.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  for await (const line of createInterface({ input: process_.stdout })) {
    clearTimeout(timer);
    timer = setTimeout(hang, SILENCE_MS);
    if (line.startsWith("case ")) last = line;
    else if (line.startsWith("counts ")) counts = JSON.parse(line.slice(7)) as typeof counts;
    else if (line.startsWith("failed ")) end = JSON.parse(line.slice(7)) as string;
    else if (line === "ok") end = "ok";
  }
  clearTimeout(timer);
  return { end: end ?? `seed ${seed}: died on ${last}\n${stderr}`, ...counts };
}
