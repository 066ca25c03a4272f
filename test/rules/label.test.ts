import { expect, test } from "vitest";
import { label } from "../../src/rules/label.ts";
import { Graph } from "../graph.ts";

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
