import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { emitObject } from "../../src/emit.ts";
import { BtfFixError } from "../../src/errors.ts";
import { mutate, mutation, type Seed, seedOf } from "../fuzz/mutate.ts";
import { clang, compileC } from "../judges/c-object.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { C_TYPES } from "./c-types.ts";

const RUNS = Number(process.env["BTF_FIX_FUZZ_RUNS"] ?? 1500);
const LIMIT_MS = 1000;
const CORPUS = new URL("../../corpus/shapes", import.meta.url).pathname;

/** CO-RE records and externs, which Rust objects lack: here the second witness is asked for types. */
const C_RELOCATED = `
struct rq { int cpu; struct { u64 clock; } in; struct rq *next; } __attribute__((preserve_access_index));
extern int config SEC(".kconfig");
extern void release(struct rq *) SEC(".ksyms");
SEC("tc") int run(struct rq *rq) { release(rq->next); return rq->in.clock + config; }
`;

/** A result or a BtfFixError, within the time; counts the results. */
async function survives(seeds: readonly Seed[], runs: number): Promise<number> {
  let results = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...seeds),
      fc.constantFrom("dwarf" as const, "both" as const),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      async (seed, from, mutations) => {
        const { user: start } = process.cpuUsage();
        try {
          await emitObject(mutate(seed, mutations), { from });
          results++;
        } catch (error) {
          if (!(error instanceof BtfFixError)) throw error;
        }
        expect((process.cpuUsage().user - start) / 1000).toBeLessThan(LIMIT_MS);
      },
    ),
    { numRuns: runs },
  );
  return results;
}

test("mutated Rust objects end in a result or one error", async () => {
  const files = readdirSync(CORPUS).filter((name) => name.endsWith(".o"));
  const seeds = files.map((name) => seedOf(name, new Uint8Array(readFileSync(join(CORPUS, name)))));
  expect(await survives(seeds, RUNS)).toBeGreaterThan(RUNS / 10);
});

judgeTest(clang())("mutated C objects end in a result or one error", async () => {
  const seeds = [C_TYPES, C_RELOCATED].map((source, index) => seedOf(`c${index}`, compileC(source)));
  expect(await survives(seeds, RUNS)).toBeGreaterThan(RUNS / 10);
});
