import fc from "fast-check";
import { expect, test } from "vitest";
import { dedupBtf } from "../../src/btf/dedup.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import { encodeBtfExt } from "../../src/btf/ext.ts";
import type { BtfExt } from "../../src/btf/ext-model.ts";
import type { Btf } from "../../src/btf/model.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { type DedupVerdict, dedup11, dedup17, libbpfDedup } from "../judges/dedup.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { seed as testSeed } from "../seed.ts";
import { arbitraryDuplicated, arbitraryReferring } from "./duplicated.ts";
import { graphDifference } from "./same-graph.ts";

interface Case {
  readonly btf: Btf;
  readonly ext?: BtfExt;
}

/** As many cases as asked for, from the commit's seed; a failure names it. */
function cases<T extends Case>(arbitrary: fc.Arbitrary<T>, numRuns: number): { list: readonly T[]; seed: number } {
  const seed = testSeed() & 0x7fff_ffff;
  return { list: fc.sample(arbitrary, { numRuns, seed }), seed };
}

/** libbpf's verdicts; one process for all, since one for each would take longer than all the rest. */
function verdicts(name: "dedup17" | "dedup11", list: readonly Case[]): readonly DedupVerdict[] {
  return libbpfDedup(
    name,
    list.map(({ btf, ext }) => ({
      btf: encodeBtf(btf),
      ...(ext === undefined ? {} : { ext: encodeBtfExt(ext) }),
    })),
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

judgeTest(dedup17())("1,000 blobs: the bytes that libbpf 1.7 makes of them", () => {
  const { list, seed } = cases(
    arbitraryDuplicated().map((btf) => ({ btf })),
    1000,
  );
  const counts = { types: 0, left: 0 };
  verdicts("dedup17", list).forEach((verdict, index) => {
    const { btf } = list[index] ?? {};
    if (btf === undefined) throw new RangeError("a verdict of nothing");
    const ours = dedupBtf(btf).btf;
    const which = `seed ${seed}, blob ${index}: ${hex(encodeBtf(btf))}`;
    expect(verdict.errno, which).toBe(0);
    expect(hex(encodeBtf(ours)), which).toBe(hex(verdict.btf));
    counts.types += btf.types.length;
    counts.left += ours.types.length;
  });
  // Neither nothing to do nor everything alike.
  expect(counts.left / counts.types).toBeGreaterThan(0.15);
  expect(counts.left / counts.types).toBeLessThan(0.7);
});

judgeTest(dedup11())("the graph of libbpf 1.1 too, but for what 1.7 does otherwise", () => {
  // 1.1 maps typedefs with the pointers, not with the structs, and takes fewer types of a unit for identical.
  const list = fc.sample(
    arbitraryDuplicated().map((btf) => ({ btf })),
    { numRuns: 1000, seed: 11 },
  );
  const theirs = verdicts("dedup11", list);
  const same = list.filter(({ btf }, index) => {
    const verdict = theirs[index];
    expect(verdict?.errno).toBe(0);
    return verdict !== undefined && graphDifference(dedupBtf(btf).btf, parseBtf(verdict.btf)) === undefined;
  });
  expect(same.length).toBeGreaterThan(750);
});

judgeTest(dedup17())(".BTF.ext moves with its types and strings", () => {
  const { list, seed } = cases(arbitraryReferring(), 300);
  verdicts("dedup17", list).forEach((verdict, index) => {
    const { btf, ext } = list[index] ?? {};
    if (btf === undefined || ext === undefined) throw new RangeError("a verdict of nothing");
    const ours = dedupBtf(btf, ext);
    const which = `seed ${seed}, blob ${index}: ${hex(encodeBtf(btf))} ${hex(encodeBtfExt(ext))}`;
    expect(verdict.errno, which).toBe(0);
    expect(hex(encodeBtf(ours.btf)), which).toBe(hex(verdict.btf));
    expect(ours.ext === undefined ? "" : hex(encodeBtfExt(ours.ext)), which).toBe(hex(verdict.ext));
  });
});

test("the ids of the map lead to what the types became", () => {
  fc.assert(
    fc.property(arbitraryDuplicated(), (btf) => {
      const { btf: ours, idMap } = dedupBtf(btf);
      expect(idMap.length).toBe(btf.types.length + 1);
      expect(idMap[0]).toBe(0);
      expect(new Set(idMap.subarray(1))).toEqual(new Set(ours.types.map((_, index) => index + 1)));
      btf.types.forEach((type, index) => {
        const kind = ours.types[(idMap[index + 1] ?? 0) - 1]?.kind;
        const declared = type.kind === "fwd" ? [type.union ? "union" : "struct"] : [];
        if (type.kind === "enum" || type.kind === "enum64") expect(["enum", "enum64"]).toContain(kind);
        else expect([type.kind, ...declared]).toContain(kind);
      });
    }),
  );
});

test("a blob with nothing there twice stays, but for strings that nothing names", () => {
  const { list } = cases(
    arbitraryDuplicated().map((btf) => ({ btf: dedupBtf(btf).btf })),
    100,
  );
  for (const { btf } of list) {
    const once = dedupBtf(btf).btf;
    if (once.types.length === btf.types.length) expect(graphDifference(once, btf)).toBeUndefined();
    else expect(once.types.length).toBeLessThan(btf.types.length);
  }
});
