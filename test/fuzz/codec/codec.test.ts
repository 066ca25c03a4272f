import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorkers, type Workers } from "../worker.ts";
import { LIMIT_MS } from "./campaign.ts";

const COUNT = 20_000;

/** A new seed each run; a failure prints it, and BTF_FIX_FUZZ_SEED repeats it. */
const SEED = Number(process.env["BTF_FIX_FUZZ_SEED"] ?? Math.floor(Math.random() * 0x7fff_ffff));

let workers: Workers;
beforeAll(async () => {
  workers = await buildWorkers("test/fuzz/codec/child.ts");
});
afterAll(() => workers.remove());

test(`${COUNT} random blobs are read or refused by all readers, each within ${LIMIT_MS} ms (seed ${SEED})`, async () => {
  const { end, results, errors, slowest } = await workers.run(SEED, COUNT);
  expect(end).toBe("ok");
  expect(results + errors).toBe(COUNT);
  // Blobs that nobody takes would test little more than the headers.
  expect(results / COUNT).toBeGreaterThan(0.3);
  expect(errors / COUNT).toBeGreaterThan(0.1);
  console.log(`${results} taken by a reader, ${errors} by none; slowest ${slowest.toFixed(0)} ms`);
});
