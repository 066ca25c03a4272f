import { expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { checkObject } from "../../src/check.ts";
import { Graph } from "../graph.ts";

const EXTERN = 2;

test.each([
  [0, ["func/param-unnamed"]],
  [1, ["func/param-unnamed"]],
  // clang never names them, and libbpf does before the kernel sees them: see kernel_pointers and graph_roots in corpus/c.
  // In a file of BTF alone no loader resolves the extern, so that the kernel refuses it.
  [EXTERN, ["kernel/kf-01"]],
])("a parameter without name, in a FUNC of linkage %i", async (linkage, rules) => {
  const graph = new Graph();
  const u32 = graph.int("u32", 4);
  graph.func("bpf_task_release", graph.proto(0, [["", u32]]), linkage);
  const { diagnostics } = await checkObject(encodeBtf(graph.finish()));
  expect(diagnostics.map(({ rule }) => rule)).toEqual(rules);
});
