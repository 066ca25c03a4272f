import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorkers, type Workers } from "./worker.ts";

/** Cases per run over all workers; BTF_FIX_FUZZ_CHECKS asks for more or fewer. */
const RUNS = Number(process.env["BTF_FIX_FUZZ_CHECKS"] ?? 3_000);
const WORKERS = 2;

/** A new seed each run; a failure prints it, and BTF_FIX_FUZZ_SEED repeats it. */
const SEED = Number(process.env["BTF_FIX_FUZZ_SEED"] ?? Math.floor(Math.random() * 0x7fff_ffff));

let workers: Workers;
beforeAll(async () => {
  workers = await buildWorkers("test/fuzz/check-child.ts");
});
afterAll(() => workers.remove());

test(`${RUNS} checks of damaged input: an answer, each within 0.5 s + 1 s/MB and 64 MiB + 20 times its size (seed ${SEED})`, async () => {
  const share = Math.ceil(RUNS / WORKERS);
  const heard = await Promise.all(Array.from({ length: WORKERS }, (_, i) => workers.run(SEED + i, share)));
  for (const { end } of heard) expect(end).toBe("ok");
  const results = heard.reduce((sum, one) => sum + one.results, 0);
  expect(results + heard.reduce((sum, one) => sum + one.errors, 0)).toBe(share * WORKERS);
  // Input that is nothing to look at any more would test little.
  expect(results / RUNS).toBeGreaterThan(0.3);
  const most = (field: "slowest" | "largest"): number => Math.max(...heard.map((one) => one[field]));
  console.log(
    `${results} results; slowest ${most("slowest").toFixed(0)} ms, largest ${most("largest").toFixed(0)} MiB`,
  );
}, 600_000);
