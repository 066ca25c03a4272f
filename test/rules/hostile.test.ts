import { expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { checkObject } from "../../src/check.ts";
import { Graph } from "../graph.ts";
import { buildObject, EXIT } from "../object.ts";

/** Blobs that are small for what they say: names that share the end of one megabyte, long chains, structs in structs. */

const COUNT = 20_000;
const NAME = "a".repeat(1_000_000);

const chain = (kind: "const" | "ptr") => (graph: Graph) => {
  for (let i = 0; i < COUNT; i++) graph.add({ kind, nameOff: 0, type: kind === "const" ? i + 2 : i });
};

const CASES: readonly (readonly [name: string, make: (graph: Graph) => void])[] = [
  [
    "VARs",
    (graph) => {
      const first = graph.string(NAME);
      graph.add({ kind: "int", nameOff: first, size: 4, bits: 32, bitOffset: 0, encoding: 0 });
      for (let i = 0; i < COUNT; i++) graph.add({ kind: "var", nameOff: first + i, type: 1, linkage: 1 });
    },
  ],
  [
    "STRUCTs",
    (graph) => {
      const first = graph.string("<".repeat(NAME.length));
      for (let i = 0; i < COUNT; i++) {
        graph.add({ kind: "struct", nameOff: first + i, size: 0, bitfields: false, members: [] });
      }
    },
  ],
  [
    "members",
    (graph) => {
      const first = graph.string(NAME);
      graph.add({ kind: "int", nameOff: first, size: 1, bits: 8, bitOffset: 0, encoding: 0 });
      const members = Array.from({ length: COUNT }, (_, i) => ({
        nameOff: first + i,
        type: 1,
        bitOffset: 8 * (COUNT - 1 - i),
        bitfieldSize: 0,
      }));
      graph.add({ kind: "struct", nameOff: first, size: COUNT, bitfields: false, members });
    },
  ],
  ["a chain of CONSTs", chain("const")],
  ["a chain of PTRs", chain("ptr")],
  [
    "structs in structs",
    (graph) => {
      graph.add({ kind: "int", nameOff: graph.string("i"), size: 4, bits: 32, bitOffset: 0, encoding: 0 });
      for (let i = 0; i < COUNT; i++) {
        const members = [{ nameOff: 0, type: i + 1, bitOffset: 0, bitfieldSize: 0 }];
        graph.add({ kind: "struct", nameOff: 0, size: 4, bitfields: false, members });
      }
    },
  ],
];

async function expectQuick(bytes: Uint8Array): Promise<void> {
  const start = process.cpuUsage();
  await checkObject(bytes);
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(500 + bytes.length / 1000);
}

function blobOf(make: (graph: Graph) => void): Uint8Array {
  const graph = new Graph();
  make(graph);
  return encodeBtf(graph.finish());
}

test.each(CASES)("%s: within 0.5 s and 1 s/MB of CPU time", async (_, make) => {
  await expectQuick(blobOf(make));
});

test.each(CASES)("%s in an object that every loader looks at", async (_, make) => {
  const object = buildObject({
    sections: [
      { name: "xdp", insns: [EXIT] },
      { name: ".maps", bytes: new Uint8Array(64) },
    ],
    symbols: [
      { name: "program", section: "xdp", size: 8 },
      { name: "map", section: ".maps", size: 32 },
    ],
    btf: blobOf(make),
  });
  await expectQuick(object);
});
