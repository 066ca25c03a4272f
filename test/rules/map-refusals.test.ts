import { expect } from "vitest";
import { checkObject } from "../../src/check.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type LibbpfMap, libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
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

const kernelFindings = (bytes: Uint8Array) =>
  checkObject(bytes).then(({ diagnostics }) => diagnostics.filter(({ rule }) => rule.startsWith("kernel/")));

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
  expect(said).toContain(found[0]?.answers[0]?.text);
});
