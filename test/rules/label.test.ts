import { expect, test } from "vitest";
import { label, placeOf } from "../../src/rules/label.ts";
import { Graph } from "../graph.ts";
import { placeOfDie, twinState } from "./findings/state.ts";

/** Escaped as bpf-linker does it: every byte that is no letter, digit or `_` in hexadecimal between underscores. */
test("a type is called by its kind as the kernel prints it, its name as the source has it, and its id", () => {
  const graph = new Graph();
  const int = graph.int("u32", 4);
  const named = graph.struct("Limit_3C_u16_2C__20_4_3E_", 4, [["0", int, 0]]);
  const unnamed = graph.union("", 4, []);
  const pointer = graph.ptr(named);
  const proto = graph.proto(0, []);
  const func = graph.func("count", proto);
  const btf = graph.finish();
  expect([int, named, unnamed, pointer, proto, func].map((id) => label(btf, id))).toEqual([
    `INT u32 [${int}]`,
    `STRUCT Limit<u16, 4> [${named}]`,
    `UNION [${unnamed}]`,
    `PTR [${pointer}]`,
    `FUNC_PROTO [${proto}]`,
    `FUNC count [${func}]`,
  ]);
  expect(label(btf, 99)).toBe("type [99]");
});

test("a type's place is that of its DIE, or there is none", () => {
  const make = (graph: Graph): unknown => graph.struct("s", 4, [["m", graph.int("u32", 4), 0]]);
  const { join } = twinState({ own: make, lowered: make, pairs: { 2: 2 } });
  expect(placeOf(join, 2)).toStrictEqual({ place: placeOfDie(2) });
  expect(placeOf(join, 2, 1)).toStrictEqual({ place: placeOfDie(2, 1) });
  expect(placeOf(join, 1)).toStrictEqual({});
  expect(placeOf(undefined, 2)).toStrictEqual({});
});
