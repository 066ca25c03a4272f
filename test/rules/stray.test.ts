import { expect, test } from "vitest";
import { strayTwins } from "../../src/rules/stray.ts";
import type { Graph } from "../graph.ts";
import { blobState, btfOf, twinState } from "./findings/state.ts";

/** Records to which no variable leads any more: the same as a record of debug info by kind, name, size and places of members. */

type Make = (g: Graph) => unknown;

/** Ids in the lowered blob begin behind these: no type has the same id on both sides. */
const SHIFT = 2;

const record =
  (name: string, size: number, bits: readonly number[], kind: "struct" | "union" = "struct"): Make =>
  (g) => {
    const int = g.int("u32", 4);
    return g.struct(
      name,
      size,
      bits.map((bit, index) => [`m${index}`, int, bit] as const),
      kind,
    );
  };

/** The twins of own types; each record of `record` has id 2 there, and 4 in debug info. */
function twins(own: Make, lowered: Make, more: { pairs?: Record<number, number>; grafts?: [number, number][] } = {}) {
  const shifted = (g: Graph): void => {
    for (let index = 0; index < SHIFT; index++) g.fwd(`First${index}`);
    lowered(g);
  };
  const state = twinState({ own, lowered: shifted, pairs: more.pairs ?? {} });
  return [...strayTwins({ ...state, grafts: new Map(more.grafts ?? []) })];
}

const two = record("Node", 8, [0, 32]);

test.each<[string, Make, Make]>([
  ["a struct", two, two],
  ["a union", record("Node", 8, [0, 0], "union"), record("Node", 8, [0, 0], "union")],
  ["one without members", record("Node", 8, []), record("Node", 8, [])],
  [
    "one whose members are of other types",
    two,
    (g) => {
      const float = g.float("f32", 4);
      return g.struct("Node", 8, [
        ["m0", float, 0],
        ["m1", float, 32],
      ]);
    },
  ],
])("%s has a twin", (_, own, lowered) => {
  expect(twins(own, lowered)).toEqual([[2, 2 + SHIFT]]);
});

test.each<[string, Make, Make]>([
  ["of another name", two, record("Other", 8, [0, 32])],
  ["of another size", two, record("Node", 16, [0, 32])],
  ["of another kind", record("Node", 8, [0, 0]), record("Node", 8, [0, 0], "union")],
  ["with more members", two, record("Node", 8, [0, 32, 48])],
  ["with members elsewhere", two, record("Node", 8, [0, 48])],
  ["without a name", record("", 8, [0, 32]), record("", 8, [0, 32])],
])("one %s is no twin", (_, own, lowered) => {
  expect(twins(own, lowered)).toEqual([]);
});

test("the first of several that are alike is taken, of those that differ the one that is the same", () => {
  const several = (g: Graph): void => {
    record("Node", 8, [0, 48])(g);
    two(g);
    two(g);
  };
  expect(twins(two, several)).toEqual([[2, 4 + SHIFT]]);
});

test("no more than four of a name and size are looked at", () => {
  const behind = (count: number) => (g: Graph) => {
    for (let index = 0; index < count; index++) record("Node", 8, [0, 40 + index])(g);
    two(g);
  };
  expect(twins(two, behind(3))).toEqual([[2, 8 + SHIFT]]);
  expect(twins(two, behind(4))).toEqual([]);
});

test("records that have a counterpart, or that a repair added, have no twin", () => {
  expect(twins(two, two, { pairs: { 2: 4 } })).toEqual([]);
  expect(twins(two, two, { grafts: [[4, 2]] })).toEqual([]);
  const pair = (g: Graph): void => {
    two(g);
    record("Leaf", 4, [0])(g);
  };
  expect(twins(pair, pair, { pairs: { 2: 4 } })).toEqual([[4, 4 + SHIFT]]);
  expect(twins(pair, pair, { grafts: [[6, 4]] })).toEqual([[2, 2 + SHIFT]]);
});

test("without debug info there are none", () => {
  expect([...strayTwins(blobState(btfOf(two)))]).toEqual([]);
});
