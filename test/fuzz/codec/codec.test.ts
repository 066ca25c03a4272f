import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorkers, type Workers } from "../worker.ts";

/** `npm run fuzz:codec` tries a million. */
const RUNS = 20_000;

/** A new seed each run; a failure prints it, and BTF_FIX_FUZZ_SEED repeats it. */
const SEED = Number(process.env["BTF_FIX_FUZZ_SEED"] ?? Math.floor(Math.random() * 0x7fff_ffff));

let workers: Workers;
beforeAll(async () => {
  workers = await buildWorkers("test/fuzz/codec/child.ts");
});
afterAll(() => workers.remove());

test(`${RUNS} blobs of up to 4 kB: every reader takes them or throws a BtfFixError (seed ${SEED})`, async () => {
  const { end, results, errors } = await workers.run(SEED, RUNS);
  expect(end).toBe("ok");
  expect(results + errors).toBe(RUNS);
  // Neither side may be rare: a reader that refuses everything has been tried on nothing.
  expect(results / RUNS).toBeGreaterThan(0.1);
  expect(errors / RUNS).toBeGreaterThan(0.1);
});
