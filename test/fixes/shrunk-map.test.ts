import { expect, test } from "vitest";
import { fixObject } from "../../src/fix.ts";
import { Graph } from "../graph.ts";
import { define, type Field, u32 } from "../maps/define.ts";
import { buildObject } from "../object.ts";

const HASH: readonly Field[] = [
  ["type", 1],
  ["key", u32],
  ["value", u32],
  ["max_entries", 8],
];

test("a map that is too short for its definition is told, not made bytes of", async () => {
  const graph = new Graph();
  graph.datasec(".maps", 0, [[graph.variable("MAP", define(graph, HASH)), 0, 24]]);
  const object = buildObject({
    sections: [{ name: ".maps", bytes: new Uint8Array(24) }],
    symbols: [{ name: "MAP", section: ".maps", size: 24 }],
    btf: graph.finish(),
  });
  const { bytes, diagnostics } = await fixObject(object);
  const found = diagnostics.filter(({ rule }) => rule === "datasec/shrunk-entry");
  expect(found).toMatchObject([{ severity: "error" }]);
  expect(found[0]).not.toHaveProperty("fixed");
  expect((await fixObject(bytes)).bytes).toEqual(bytes);
});
