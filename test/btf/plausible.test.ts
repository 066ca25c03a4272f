import fc from "fast-check";
import { expect } from "vitest";
import { judgeTest } from "../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";
import { arbitraryBlob } from "./arbitrary.ts";

// Other rooms' tests build on these blobs being what a compiler could have made.
judgeTest(kernel())("the kernel takes the plausible blobs", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const blobs = fc.sample(arbitraryBlob({ littleEndian: true }), { numRuns: 200, seed }).map(({ bytes }) => bytes);
  const verdicts = answer(kernelBtfLoad(blobs));
  const refused = verdicts.filter((verdict) => verdict.errno !== 0);
  expect(refused.slice(0, 3), `seed ${seed}`).toEqual([]);
});
