import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorkers, type Workers } from "./worker.ts";

/** Cases per run over all workers; BTF_FIX_FUZZ_RUNS asks for more or fewer. */
const RUNS = Number(process.env["BTF_FIX_FUZZ_RUNS"] ?? 20_000);
const WORKERS = 2;

/** A new seed each run; a failure prints it, and BTF_FIX_FUZZ_SEED repeats it. */
const SEED = Number(process.env["BTF_FIX_FUZZ_SEED"] ?? Math.floor(Math.random() * 0x7fff_ffff));

let workers: Workers;
beforeAll(async () => {
  workers = await buildWorkers("test/fuzz/child.ts");
});
afterAll(() => workers.remove());

test(`${RUNS} mutated objects: a result or a BtfFixError, each within 1 s and 256 MiB (seed ${SEED})`, async () => {
  const share = Math.ceil(RUNS / WORKERS);
  const heard = await Promise.all(Array.from({ length: WORKERS }, (_, i) => workers.run(SEED + i, share)));
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
