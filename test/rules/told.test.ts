import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import type { Btf } from "../../src/btf/model.ts";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { NO_DEFECTS } from "../../src/kernel-verdicts.ts";
import { untoldRefusals, weighed } from "../../src/refusals.ts";
import { allRules, kernelRefuses } from "../../src/rules/index.ts";
import { ALL_KERNELS } from "../../src/rules/kernel/target.ts";
import { ALL_LOADERS, loaderTarget } from "../../src/rules/loaders.ts";
import type { Diagnostic } from "../../src/rules/rule.ts";
import { simulateAll } from "../../src/rules/simulators.ts";
import { Graph } from "../graph.ts";
import { object, usual, withMap } from "./aya/draft.ts";
import { recordCorners } from "./aya/record-corners.ts";

/** When a finding tells of what a judge refuses, so that it is not said twice. */

const WORDS = "Invalid member bits_offset";

/** A finding of ours, that nothing is known of but this. */
const finding = (more: Partial<Diagnostic>): Diagnostic => ({
  ...{ rule: "x/y", severity: "error", message: "", target: {}, answers: [] },
  ...more,
});

/** Two structs whose members are in the wrong order (KM-05), and one that has the first as a member. */
function misordered(): { readonly btf: Btf; readonly first: number; readonly second: number; readonly outer: number } {
  const graph = new Graph();
  const int = graph.int("u32", 4);
  const wrong = (name: string): number =>
    graph.struct(name, 8, [
      ["late", int, 32],
      ["early", int, 0],
    ]);
  const [first, second] = [wrong("first"), wrong("second")];
  const outer = graph.struct("outer", 8, [["in", first, 0]]);
  return { btf: graph.finish(), first, second, outer };
}

const { btf, first, second, outer } = misordered();
const JUDGES = { kernels: ALL_KERNELS, loaders: ALL_LOADERS, simulate: simulateAll };
const NAMED = { btf, join: undefined, isObject: false, isRust: false };

/** Types of which something is told beside these findings: of the first defect that the kernel finds, and of those behind it. */
async function untold(found: readonly Diagnostic[], later: readonly number[] = []): Promise<readonly unknown[]> {
  const { verdicts } = await checkObject(encodeBtf(btf));
  const next = later.map((typeId) => ({ ...verdicts.kernel, typeId, version: "7.3" }));
  const behind = later.length === 0 ? NO_DEFECTS : { verdicts: next, end: "all" as const };
  return untoldRefusals(found, verdicts, allRules, NAMED, JUDGES, behind).map(({ target }) => target.typeId);
}

const covering = (more: Partial<Diagnostic>): Diagnostic => finding({ rule: "btf/member-order", ...more });
const drops = { judge: "kernel", answer: "drops the BTF" } as const;

describe("the kernel's first refusal", () => {
  test.each<[string, readonly Diagnostic[]]>([
    ["of its type that covers the rule", [covering({ target: { typeId: first } })]],
    ["of no type that covers the rule", [covering({})]],
    ["that ends in the kernel's words", [finding({ answers: [{ ...drops, text: WORDS }] })]],
    ["that leaves out what only the kernel knows", [finding({ answers: [{ ...drops, text: `early … ${WORDS}` }] })]],
    ["of its type that costs the BTF", [finding({ target: { typeId: first }, answers: [drops] })]],
    ["that is one of several", [finding({}), covering({})]],
    [
      "whose second answer it is",
      [
        finding({
          answers: [
            { judge: "aya", answer: "accepts" },
            { ...drops, text: WORDS },
          ],
        }),
      ],
    ],
  ])("is told by a finding %s", async (_, found) => {
    expect(await untold(found)).toEqual([]);
  });

  test.each<[string, readonly Diagnostic[]]>([
    ["none", []],
    ["one of another type", [covering({ target: { typeId: second } })]],
    ["one that is worth less", [covering({ severity: "warning" }), covering({ severity: "note" })]],
    ["one that covers another rule", [finding({ rule: "map/wrapped", target: { typeId: first } })]],
    ["one in other words", [finding({ answers: [{ ...drops, text: "Invalid name" }] })]],
    ["one in these words in another order", [finding({ answers: [{ ...drops, text: `${WORDS} … early` }] })]],
    ["one that says a word twice", [finding({ answers: [{ ...drops, text: `early … early … ${WORDS}` }] })]],
    ["one of another type, without words", [finding({ target: { typeId: second }, answers: [drops] })]],
    ["one of no type, without words", [finding({ answers: [drops] })]],
    ["one that only libbpf says", [finding({ answers: [{ judge: "libbpf", answer: "drops the BTF", text: WORDS }] })]],
    ["one that drops no BTF", [finding({ answers: [{ judge: "kernel", answer: "rejects", text: WORDS }] })]],
    [
      "one of its type that drops none",
      [finding({ target: { typeId: first }, answers: [{ judge: "kernel", answer: "misreads" }] })],
    ],
  ])("is not told by %s", async (_, found) => {
    expect(await untold(found)).toEqual([first]);
  });
});

describe("what the kernel would say next", () => {
  const told = covering({ target: { typeId: first } });
  test.each<[string, readonly Diagnostic[], readonly number[], readonly number[]]>([
    ["is told by a finding of its type", [told, covering({ target: { typeId: second } })], [second], []],
    ["is not told by one of the first", [told], [second], [second]],
    ["is told by one of no type", [told, covering({})], [second], []],
    ["is told by one of a type that it is made of", [told], [outer], []],
    [
      "is not told by one of another rule of that type",
      [finding({ target: { typeId: first }, answers: [drops] })],
      [outer],
      [outer],
    ],
    [
      "is not told by one that is worth less",
      [told, covering({ severity: "warning", target: { typeId: second } })],
      [second],
      [second],
    ],
    ["is told of each type", [told], [second, outer, 1], [second, 1]],
  ])("%s", async (_, found, later, left) => {
    expect(await untold(found, later)).toEqual(left);
  });
});

/** aya needs the BTF that the kernel refuses: it passes on what the kernel says. */
describe("what a loader passes on", () => {
  const bytes = object({
    btf: withMap((graph) => {
      graph.struct("no name", 4, []);
      return usual(graph);
    }),
  });

  test("is told by the finding that the kernel refuses the BTF", async () => {
    const { diagnostics, verdicts } = await checkObject(bytes);
    expect(verdicts.aya).toMatchObject({ accepted: false });
    expect(diagnostics.filter(({ rule }) => rule.startsWith("aya/"))).toEqual([]);
  });
});

describe("of findings that only other loaders make errors", () => {
  const by = (...answers: Diagnostic["answers"]): Diagnostic => finding({ answers });
  const severityFor = (names: readonly string[], one: Diagnostic): unknown =>
    weighed([one], loaderTarget(names))[0]?.severity;

  test.each<[string, Diagnostic, readonly string[], Diagnostic["severity"]]>([
    ["aya's for aya", by({ judge: "aya", answer: "rejects" }), ["aya"], "error"],
    ["aya's for libbpf", by({ judge: "aya", answer: "rejects" }), ["libbpf"], "note"],
    ["aya's for all", by({ judge: "aya", answer: "rejects" }), [], "error"],
    ["bpftool's for libbpf", by({ judge: "bpftool", answer: "rejects" }), ["libbpf"], "note"],
    ["cilium/ebpf's that misreads, for aya", by({ judge: "cilium/ebpf", answer: "misreads" }), ["aya"], "note"],
    [
      "libbpf's that drops a map's types, for aya",
      by({ judge: "libbpf", answer: "drops the map's types" }),
      ["aya"],
      "note",
    ],
    ["libbpf's that drops the BTF, for aya", by({ judge: "libbpf", answer: "drops the BTF" }), ["aya"], "note"],
    ["the kernel's for aya", by({ judge: "kernel", answer: "drops the BTF" }), ["aya"], "error"],
    ["the kernel's for nobody", by({ judge: "kernel", answer: "drops the BTF" }), ["kernel"], "error"],
    ["aya's and the kernel's for libbpf", by({ judge: "aya", answer: "rejects" }, drops), ["libbpf"], "error"],
    [
      "aya's and libbpf's for libbpf",
      by({ judge: "aya", answer: "rejects" }, { judge: "libbpf", answer: "rejects" }),
      ["libbpf"],
      "error",
    ],
    ["one that libbpf accepts, for aya", by({ judge: "libbpf", answer: "accepts" }), ["aya"], "error"],
    ["one that libbpf repairs, for aya", by({ judge: "libbpf", answer: "repairs" }), ["aya"], "error"],
    ["one that nobody refuses", by(), ["aya"], "error"],
  ])("%s", (_, one, names, severity) => {
    expect(severityFor(names, one)).toBe(severity);
  });

  test("a warning becomes a note as well, and a note stays the same", () => {
    const answers = [{ judge: "aya", answer: "rejects" }] as const;
    expect(severityFor(["libbpf"], finding({ severity: "warning", answers }))).toBe("note");
    const note = finding({ severity: "note", answers });
    expect(weighed([note], loaderTarget(["libbpf"]))[0]).toBe(note);
  });
});

test.each<[string, Diagnostic, boolean]>([
  ["an error", finding({ answers: [drops] }), true],
  ["a warning", finding({ severity: "warning", answers: [drops] }), false],
  ["what libbpf drops", finding({ answers: [{ judge: "libbpf", answer: "drops the BTF" }] }), false],
  ["what the kernel rejects", finding({ answers: [{ judge: "kernel", answer: "rejects" }] }), false],
  ["one answer of two", finding({ answers: [{ judge: "libbpf", answer: "rejects" }, drops] }), true],
])("the kernel refuses the BTF of an object with %s", (_, one, refuses) => {
  expect(kernelRefuses([finding({}), one])).toBe(refuses);
});

/** A repair asks libbpf 1.7 alone (`FixResult.verdicts`). */
test("a repair knows what libbpf 1.7 says of the result, and asks no other loader", async () => {
  const { verdicts } = await fixObject(object());
  expect(verdicts.libbpf).toMatchObject({ opens: true, version: "1.7" });
  for (const name of ["libbpf@1.1", "cilium", "aya", "aya@0.3"] as const) expect(verdicts[name].opens).toBeNull();
});

describe("records of a program that the kernel refuses when aya loads it", () => {
  const corner = recordCorners.find(({ name }) => name === "records of wrong types");

  test("are told of the program, and a note where aya was not named", async () => {
    const bytes = corner?.bytes() ?? new Uint8Array(0);
    const { diagnostics, verdicts } = await checkObject(bytes);
    expect(verdicts.aya).toMatchObject({ accepted: false, program: "main" });
    const found = diagnostics.find(
      ({ rule, answers }) => rule === "kernel/kb-05" && answers.some(({ judge }) => judge === "aya"),
    );
    expect(found?.message).toMatch(/^program main breaks a rule of the kernel, as loaded by /);
    const named = (await checkObject(bytes, { loaders: ["aya@0.3"] })).diagnostics.find(
      ({ rule }) => rule === "kernel/kb-05",
    );
    expect(named?.severity).toBe("error");
    const others = diagnostics.filter(
      ({ severity, rule }) => severity === "note" && /^(aya|cilium|kernel)\//.test(rule),
    );
    for (const { help } of others) expect(help).toBe("`--loader NAME` names the loaders that count");
  });
});
