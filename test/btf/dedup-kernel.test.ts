import { expect } from "vitest";
import { dedupBtf } from "../../src/btf/dedup.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { dedup11, dedup17, libbpfDedup } from "../judges/dedup.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { joinUnits } from "./duplicated.ts";
import { kernelBtf, kernelTypes, kernelUnits } from "./kernel-units.ts";
import { graphDifference } from "./same-graph.ts";

const SHAPE = { units: 400, size: 800 };

const withKernel = judgeTest(kernelTypes());
const withBoth = judgeTest(kernelTypes(), dedup17(), dedup11());
const withLibbpf = judgeTest(kernelTypes(), dedup17());

withKernel("the kernel's types as 400 units come together again", () => {
  const { apart, together } = kernelUnits(kernelBtf(), SHAPE);
  expect(apart.types.length).toBeGreaterThan(20 * together.types.length);
  expect(graphDifference(dedupBtf(apart).btf, together)).toBeUndefined();
});

withBoth("the kernel's types as 400 units: libbpf's bytes and graph", () => {
  const { apart } = kernelUnits(kernelBtf(), SHAPE);
  const start = performance.now();
  const ours = dedupBtf(apart).btf;
  const took = performance.now() - start;
  const bytes = encodeBtf(apart);
  const [theirs] = libbpfDedup("dedup17", [{ btf: bytes }]);
  const [older] = libbpfDedup("dedup11", [{ btf: bytes }]);
  if (theirs === undefined || older === undefined) throw new RangeError("no verdict");
  const libbpfTook = theirs.microseconds / 1000;
  console.log(
    `${apart.types.length} types to ${ours.types.length}: ${took.toFixed()} ms, libbpf ${libbpfTook.toFixed()} ms`,
  );
  expect(Buffer.compare(encodeBtf(ours), theirs.btf)).toBe(0);
  expect(graphDifference(ours, parseBtf(older.btf))).toBeUndefined();
  // Generous, since the machine does other things too: alone it takes less than a second.
  expect(took).toBeLessThan(20_000);
});

withLibbpf("all of the kernel's types, four times: libbpf's bytes", () => {
  const kernel = kernelBtf();
  const apart = { ...kernel, types: joinUnits(Array.from({ length: 4 }, () => kernel.types)) };
  const [theirs] = libbpfDedup("dedup17", [{ btf: encodeBtf(apart) }]);
  expect(Buffer.compare(encodeBtf(dedupBtf(apart).btf), theirs?.btf ?? new Uint8Array())).toBe(0);
});
