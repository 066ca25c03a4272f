import { expect, test } from "vitest";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { buildObject, EXIT, move } from "../object.ts";

const R_BPF_64_64 = 1;
const LOCAL = 0;
const SECTION = 3;

/** A private map whose VAR stands under another section: only once it has been moved can anyone see that the map is private. */
function misplaced(): Uint8Array {
  const graph = new Graph();
  const index = graph.int("__ARRAY_SIZE_TYPE__", 4);
  const int = graph.int("int", 4, 1);
  const uint = (value: number): number => graph.ptr(graph.array(int, index, value));
  const definition = graph.struct("def", 32, [
    ["type", uint(1), 0],
    ["key", graph.ptr(int), 64],
    ["value", graph.ptr(int), 128],
    ["max_entries", uint(8), 192],
  ]);
  const map = graph.variable("SEEN", definition, LOCAL);
  const counter = graph.variable("COUNTER", int);
  graph.datasec(".data", 0, [
    [counter, 0, 4],
    [map, 0, 32],
  ]);
  return buildObject({
    sections: [
      {
        name: "socket",
        insns: [move(0, 0), [0x18, 1, 0, 0], [0, 0, 0, 0], EXIT],
        relocations: [{ offset: 8, type: R_BPF_64_64, symbol: "the maps" }],
      },
      { name: ".maps", bytes: new Uint8Array(32) },
      { name: ".data", bytes: new Uint8Array(4) },
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
    ],
    symbols: [
      { name: "the maps", section: ".maps", binding: LOCAL, type: SECTION },
      { name: "SEEN", section: ".maps", size: 32, binding: LOCAL },
      { name: "prog", section: "socket", size: 32 },
      { name: "COUNTER", section: ".data", size: 4 },
      { name: "LICENSE", section: "license", size: 4 },
    ],
    btf: graph.finish(),
  });
}

judgeTest(libbpf17())("what repairs of BTF bring to light, repairs of the ELF file mend in the same run", async () => {
  const { bytes, plan } = await fixObject(misplaced());
  const order = plan.map(({ rule }) => rule);
  expect(order.indexOf("map/private")).toBeGreaterThan(order.indexOf("datasec/wrong-section"));
  const report = answer(runLibbpf("libbpf17", bytes, { wantBtf: true }));
  expect([report.open.ok, report.load?.ok]).toEqual([true, true]);
  expect(report.maps.map(({ name }) => name)).toContain("SEEN");
});

test("and a second run has nothing to do", async () => {
  const { bytes } = await fixObject(misplaced());
  expect((await fixObject(bytes)).bytes).toEqual(bytes);
  expect((await checkObject(bytes)).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
});
