import { expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { untoldRefusals } from "../../src/refusals.ts";
import { allRules } from "../../src/rules/index.ts";
import { ALL_KERNELS } from "../../src/rules/kernel/target.ts";
import { ALL_LOADERS } from "../../src/rules/loaders.ts";
import type { Diagnostic } from "../../src/rules/rule.ts";
import { simulateAll } from "../../src/rules/simulators.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type LibbpfMap, libbpf11, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { mapCorners } from "./aya/map-corners.ts";
import { drawObject, type MapDraft, type Types } from "./libbpf/draft.ts";

const [HASH, PERCPU_ARRAY] = [1, 6];

function withMap(fields: (types: Types) => MapDraft["fields"]): Uint8Array {
  return drawObject({ maps: (types) => [{ name: "M", fields: fields(types) }] });
}

/** What libbpf makes of the map M, and what it says of it. */
function judged(bytes: Uint8Array): { readonly map: LibbpfMap | undefined; readonly said: string } {
  const { maps, log } = answer(runLibbpf("libbpf17", bytes, { until: "maps" }));
  return { map: maps.find(({ name }) => name === "M"), said: log.map(({ text }) => text).join("") };
}

function timerOf({ graph, u32 }: Pick<Types, "graph" | "u32">): number {
  return graph.struct("bpf_timer", 16, [["opaque", graph.array(u32, u32, 4), 0]]);
}

const kernelFindings = (bytes: Uint8Array, loaders: readonly string[] = []) =>
  checkObject(bytes, { loaders }).then(({ diagnostics }) =>
    diagnostics.filter(({ rule }) => rule.startsWith("kernel/")),
  );

/** The same, were the object written in Rust. */
async function asOfRust(bytes: Uint8Array): Promise<readonly Diagnostic[]> {
  const { verdicts } = await checkObject(bytes);
  const named = { btf: new Graph().finish(), join: undefined, isObject: true, isRust: true };
  const judges = { kernels: ALL_KERNELS, loaders: ALL_LOADERS, simulate: simulateAll };
  return untoldRefusals([], verdicts, allRules, named, judges).filter(({ rule }) => rule.startsWith("kernel/"));
}

judgeTest(libbpf17())(
  "a map that the kernel refuses is one finding for all loaders, by the kernel's rule",
  async () => {
    const bytes = withMap(({ number, pointer }) => [
      ["type", number(HASH)],
      ["key_size", number(513 * 1024 * 1024)],
      ["value", pointer],
      ["max_entries", number(1)],
    ]);
    const found = await kernelFindings(bytes);
    // Of C, whose user space may set it.
    expect(found).toMatchObject([{ rule: "kernel/kc-14", severity: "warning" }]);
    expect(found[0]?.answers.map(({ judge, answer: what }) => [judge, what])).toEqual([
      ["libbpf", "rejects"],
      ["cilium/ebpf", "rejects"],
      ["aya", "rejects"],
    ]);
    const { map, said } = judged(bytes);
    expect(map?.kernel).toBeNull();
    expect(said).toContain(found[0]?.answers[0]?.text);
    expect(found[0]?.answers[0]?.text).toContain("'M'");
    expect(found[0]?.message).toMatch(
      /^map M breaks a rule of the kernel, as loaded by libbpf 1\.7 and 1\.1, cilium\/ebpf 0\.22, aya-obj 0\.6 and aya-obj 0\.3: /,
    );
    // Whoever names aya has a warning of it, as of C's maps in general; else it is no more than a note.
    expect(await kernelFindings(bytes, ["aya"])).toMatchObject([
      { severity: "warning", answers: [{ judge: "aya", at: "load" }] },
    ]);
    // Of Rust's maps nobody else decides.
    expect(await asOfRust(bytes)).toMatchObject([
      { rule: "kernel/kc-14", severity: "error", help: "no repair is known: kernels make no such map" },
    ]);
  },
);

judgeTest(libbpf17())("what user space may yet set is a warning", async () => {
  const bytes = withMap(({ number, pointer }) => [
    ["type", number(HASH)],
    ["key", pointer],
    ["value", pointer],
  ]);
  expect(judged(bytes).map?.kernel).toBeNull();
  expect(await kernelFindings(bytes)).toMatchObject([{ rule: "kernel/kc-13", severity: "warning" }]);
  expect(await asOfRust(bytes)).toMatchObject([
    { severity: "warning", help: "user space may yet change it, before it loads the object" },
  ]);
});

judgeTest(libbpf17())("a map that is created without its types is a warning", async () => {
  const bytes = withMap(({ graph, number, u32, pointer }) => [
    ["type", number(PERCPU_ARRAY)],
    ["key", pointer],
    ["value", graph.ptr(graph.struct("value", 16, [["timer", timerOf({ graph, u32 }), 0]]))],
    ["max_entries", number(1)],
  ]);
  const found = await kernelFindings(bytes);
  expect(found).toMatchObject([
    {
      rule: "kernel/kc-30",
      severity: "warning",
      answers: [{ judge: "libbpf", answer: "drops the map's types" }, { judge: "cilium/ebpf" }, { judge: "aya" }],
    },
  ]);
  const { map, said } = judged(bytes);
  expect(map).toMatchObject({ retriedWithoutBtf: true, kernel: { btfValueTypeId: 0 } });
  const text = found[0]?.answers[0]?.text;
  expect(text).toMatch(/^Error in bpf_create_map_xattr\(M\): .*\. Retrying without BTF\.$/);
  expect(said).toContain(text);
  const older = await kernelFindings(bytes, ["libbpf@1.1"]);
  expect(older).toMatchObject([{ severity: "warning", answers: [{ answer: "drops the map's types" }] }]);
  if (libbpf11().usable) {
    const { log } = answer(runLibbpf("libbpf11", bytes, { until: "maps" }));
    expect(older[0]?.answers[0]?.text).toContain("Retrying without BTF");
    expect(log.map(({ text: line }) => line).join("")).toContain(older[0]?.answers[0]?.text);
  }
});

test("what a map lacks for want of BTF is not told beside why the kernel refuses that", async () => {
  const corner = mapCorners.find(
    ({ name }) => name === "a map of type 24, 4, 4, 0, beside BTF that the kernel refuses",
  );
  const { verdicts, diagnostics } = await checkObject(corner?.bytes() ?? new Uint8Array(0));
  expect(verdicts.aya.maps).toMatchObject([{ name: "MAP", rule: "KC-19" }]);
  expect(diagnostics.filter(({ answers }) => answers.some(({ judge }) => judge === "kernel"))).not.toEqual([]);
  expect(diagnostics.filter(({ rule }) => rule === "kernel/kc-19")).toEqual([]);
});
