import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { checkObject } from "../../src/check.ts";
import { explainRule } from "../../src/explain.ts";
import { fixObject } from "../../src/fix.ts";
import type { Diagnostic } from "../../src/rules/rule.ts";
import { Graph } from "../graph.ts";
import { object, usual, withMap } from "./aya/draft.ts";

/** Findings for what judges refuse: one for each defect, said once however many refuse it. */

const corpus = (path: string): Uint8Array => readFileSync(new URL(`../../corpus/${path}`, import.meta.url));

/** `count` enums of 3 bytes, each of which the kernel refuses (KE-01), and one of 4. */
function enums(count: number): Uint8Array {
  const graph = new Graph();
  for (let index = 0; index < count; index++) graph.enum(`e${index}`, [["A", 1]], 3);
  graph.enum("good", [["B", 1]]);
  return encodeBtf(graph.finish());
}

const kernels = async (bytes: Uint8Array, kernel?: string): Promise<readonly Diagnostic[]> =>
  (await checkObject(bytes, { kernel })).diagnostics.filter(({ rule }) => rule.startsWith("kernel/"));

describe("what the kernel would say next", () => {
  test("is told, each defect once, the first with every release that says it", async () => {
    const found = await kernels(enums(3));
    expect(found.map(({ rule, severity, target }) => [rule, severity, target.typeId])).toEqual([
      ["kernel/ke-01", "error", 1],
      ["kernel/ke-01", "error", 2],
      ["kernel/ke-01", "error", 3],
    ]);
    expect(found.map(({ answers }) => answers.map(({ versions }) => versions))).toEqual([
      ["5.10 to 7.3"],
      ["7.3"],
      ["7.3"],
    ]);
    expect(new Set(found.map(({ help }) => help))).toEqual(new Set(["no repair is known; please report the object"]));
  });

  test("is told of the release that was named", async () => {
    const found = await kernels(enums(2), "6.12");
    expect(found.map(({ answers }) => answers[0]?.versions)).toEqual(["6.12", "6.12"]);
    const { title } = explainRule("KE-01").judges[0]?.rule ?? {};
    expect(found[0]?.message).toBe(`ENUM e0 [1] breaks a rule of kernel 6.12: ${title}`);
  });

  test("is not told where there is more than anybody reads, which is said with the last", async () => {
    const found = await kernels(enums(3000));
    expect(found.length).toBeLessThan(3000);
    expect(found.at(-1)?.help).toBe("no repair is known; please report the object; more types are at fault behind it");
    expect(found.at(-2)?.help).toBe("no repair is known; please report the object");
  });

  test("is left out with its rule", async () => {
    const { diagnostics, verdicts } = await checkObject(enums(2), { skip: ["KE-01"] });
    expect(diagnostics).toEqual([]);
    expect(verdicts.kernel.accepted).toBe(false);
  });
});

test("a finding of ours tells of what judges refuse, and nothing is said twice", async () => {
  // The kernel refuses the name of the struct, which escaping mends.
  const bytes = object({
    btf: withMap((graph) => {
      graph.struct("Limit<u16>", 4, []);
      return usual(graph);
    }),
  });
  const { diagnostics } = await checkObject(bytes);
  const refusing = diagnostics.filter(({ answers }) =>
    answers.some(({ judge, answer }) => judge === "kernel" && answer !== "accepts"),
  );
  expect(refusing.map(({ rule, severity }) => [rule, severity])).toEqual([["btf/name-not-identifier", "error"]]);
});

test("a repaired object has no refusal left that is worth an error", async () => {
  const { bytes } = await fixObject(corpus("aya/fork.bpfel.release.o"));
  const { diagnostics } = await checkObject(bytes);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
});
