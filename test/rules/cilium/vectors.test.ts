import { expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { ciliumRules, ciliumVerdict } from "../../../src/rules/cilium/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import type { LoaderVerdict } from "../../../src/rules/loader.ts";
import { type CiliumVerdict, cilium, runCiliumStream } from "../../judges/cilium.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { blamedDifference } from "./blamed.ts";
import { CASES } from "./cases.ts";
import { SH_FLAGS, withHeader } from "./draft.ts";

function ours(bytes: Uint8Array): LoaderVerdict | undefined {
  return ciliumVerdict(parseElf(bytes), KERNEL_PROFILES["6.18"]);
}

test("every rule has an id of its own and vectors, or says why none can break it", () => {
  const ids = ciliumRules.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const reachable = ciliumRules.filter(({ unreachable }) => unreachable === undefined).map(({ id }) => id);
  expect(Object.keys(CASES).sort()).toEqual(reachable.sort());
  for (const [id, { broken }] of Object.entries(CASES)) expect(broken.length, id).toBeGreaterThan(0);
});

test("each vector breaks its rule, and its neighbour breaks none", () => {
  for (const [id, { broken, kept }] of Object.entries(CASES)) {
    for (const bytes of broken) expect(ours(bytes)?.rule, id).toBe(id);
    const { stage } = ciliumRules.find((rule) => rule.id === id) ?? {};
    // Of what is opened the kernel may still refuse a map.
    for (const bytes of kept) {
      if (stage === "open") expect(ours(bytes)?.stage, id).not.toBe("open");
      else expect(ours(bytes)?.rule, id).toBe(undefined);
    }
  }
});

test("a section that would have to be decompressed has no verdict", () => {
  const compressed = (way: number): Uint8Array =>
    withHeader({ sections: [{ name: "version", bytes: Uint8Array.of(way, ...new Uint8Array(23)) }] }, "version", {
      [SH_FLAGS]: 0x800,
    });
  expect([1, 2, 3].map((way) => ours(compressed(way))?.rule ?? "none")).toEqual(["none", "none", "CE-03"]);
});

/** Whether our line is part of what the library says; "…" stands for what we leave out. */
function isSaid(line: string, { error }: CiliumVerdict): boolean {
  let at = 0;
  return line.split("…").every((part) => {
    const found = (error ?? "").indexOf(part, at);
    at = found + part.length;
    return found >= 0;
  });
}

judgeTest(cilium())("the library refuses each vector in these words, and takes its neighbour", () => {
  for (const stage of ["open", "load"] as const) {
    const cases = Object.entries(CASES).filter(([id]) => ciliumRules.find((rule) => rule.id === id)?.stage === stage);
    const objects = cases.flatMap(([id, { broken, kept }]) => [
      ...broken.map((bytes) => ({ id, bytes, isBroken: true })),
      ...kept.map((bytes) => ({ id, bytes, isBroken: false })),
    ]);
    const reports = runCiliumStream(
      objects.map(({ bytes }) => bytes),
      { until: stage },
    );
    for (const [i, { id, bytes, isBroken }] of objects.entries()) {
      const report = reports[i];
      const said = stage === "load" && report?.open.ok === true ? report.load : report?.open;
      const verdict = ours(bytes);
      const message = verdict?.stage === stage ? verdict.message : "";
      if (isBroken && verdict !== undefined) {
        expect(blamedDifference(parseElf(bytes), verdict, said?.error ?? ""), id).toBe(undefined);
      }
      expect({ id, ok: said?.ok, said: said !== undefined && said !== null && isSaid(message, said) }).toEqual({
        id,
        ok: !isBroken,
        said: true,
      });
    }
  }
});
