import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../tools/bundle.ts";

/** Cases per run over all workers; BTF_FIX_FUZZ_RUNS asks for more or fewer. */
const RUNS = Number(process.env["BTF_FIX_FUZZ_RUNS"] ?? 20_000);
const WORKERS = 2;

/** A case of which nothing is heard for so long (wall time, on a busy machine) hangs. */
const SILENCE_MS = 30_000;

/** A new seed each run; a failure prints it, and BTF_FIX_FUZZ_SEED repeats it. */
const SEED = Number(process.env["BTF_FIX_FUZZ_SEED"] ?? Math.floor(Math.random() * 0x7fff_ffff));

let folder = "";
let child = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "btf-fix-fuzz-"));
  child = join(folder, "child.mjs");
  await build({
    absWorkingDir: ROOT,
    entryPoints: ["test/fuzz/child.ts"],
    outfile: child,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    sourcemap: "inline",
    logLevel: "warning",
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Heard {
  /** "ok", or what went wrong. */
  readonly end: string;
  readonly results: number;
  readonly errors: number;
  readonly slowest: number;
  readonly largest: number;
}

/** Runs one worker and ends it if it falls silent. */
async function worker(seed: number, runs: number): Promise<Heard> {
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

test(`${RUNS} mutated objects: a result or a BtfFixError, each within 1 s and 256 MiB (seed ${SEED})`, async () => {
  const share = Math.ceil(RUNS / WORKERS);
  const heard = await Promise.all(Array.from({ length: WORKERS }, (_, i) => worker(SEED + i, share)));
  for (const { end } of heard) expect(end).toBe("ok");
  const results = heard.reduce((sum, one) => sum + one.results, 0);
  const errors = heard.reduce((sum, one) => sum + one.errors, 0);
  expect(results + errors).toBe(share * WORKERS);
  // Mutations that all break the file, or none, would test little.
  expect(results / RUNS).toBeGreaterThan(0.1);
  expect(errors / RUNS).toBeGreaterThan(0.1);
  const most = (field: "slowest" | "largest"): number => Math.max(...heard.map((one) => one[field]));
  console.log(
    `${results} results, ${errors} errors; slowest ${most("slowest").toFixed(0)} ms, largest ${most("largest").toFixed(0)} MiB`,
  );
}, 1_200_000);
