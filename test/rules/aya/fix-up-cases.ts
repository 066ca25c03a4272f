import { encodeBtf } from "../../../src/btf/encode.ts";
import { Graph } from "../../graph.ts";
import type { ObjectSection, ObjectSymbol } from "../../object.ts";
import type { AyaCorner } from "./corner-cases.ts";
import { license, main, mapSymbol, maps, object, patched, program, usual, withMap } from "./draft.ts";

/** Objects whose BTF aya changes before it sends it; what it makes of them, for kernels of any kind, is for it to tell. */

const corner = (name: string, draw: (graph: Graph) => unknown): AyaCorner => ({
  name,
  bytes: () =>
    object({
      btf: withMap((graph) => {
        draw(graph);
        return usual(graph);
      }),
    }),
});

const [data, empty] = [
  { name: ".data", bytes: new Uint8Array(12) },
  { name: ".data.empty", bytes: new Uint8Array(0) },
];
const placed: readonly ObjectSymbol[] = [
  { name: "first", section: ".data", size: 4 },
  { name: "second", section: ".data", value: 8, size: 4 },
];

/** BTF of DATASECs beside sections of data. */
const sections = (name: string, draw: (graph: Graph) => unknown, symbols = placed): AyaCorner => ({
  name,
  bytes: () => {
    const graph = new Graph();
    draw(graph);
    return object({
      sections: [program, license, data, empty, { name: "one/two/three", bytes: new Uint8Array(4) }],
      symbols: [main, ...symbols],
      btf: encodeBtf(graph.finish()),
    });
  },
});

const params = (graph: Graph, names: readonly string[]): number => {
  const int = graph.int("u32", 4);
  return graph.proto(
    int,
    names.map((name, index) => [name, index === 2 ? 0 : int] as const),
  );
};

/** Kernel symbols: variables and functions, each a symbol of the object without a section. */
function ksyms(
  name: string,
  draw: (graph: Graph) => readonly number[],
  more: readonly ObjectSection[] = [],
): AyaCorner {
  return {
    name,
    bytes: () => {
      const graph = new Graph();
      const entries = draw(graph);
      graph.datasec(
        ".ksyms",
        0,
        entries.map((entry) => [entry, 0, 8] as const),
      );
      const outside = ["asked", "called", "again"].map((symbol): ObjectSymbol => ({ name: symbol, type: 0 }));
      return object({
        ...{ sections: [program, license, ...more], symbols: [main, ...outside] },
        btf: encodeBtf(graph.finish()),
      });
    },
  };
}

export const fixUpCorners: readonly AyaCorner[] = [
  corner("floats", (graph) => [graph.float("f32", 4), graph.float("f64", 8)]),
  corner("tags of declarations", (graph) => {
    const int = graph.int("u32", 4);
    const record = graph.struct("record", 4, [["field", int, 0]]);
    return [graph.declTag("of type", record), graph.declTag("of member", record, 0)];
  }),
  corner("tags of types", (graph) =>
    graph.ptr(
      graph.add({ kind: "typeTag", nameOff: graph.string("user"), type: graph.int("u32", 4), attribute: false }),
    ),
  ),
  corner("signed and unsigned enums", (graph) => [
    graph.enum("plain", [["A", 1]]),
    graph.add({
      kind: "enum",
      nameOff: graph.string("odd"),
      size: 4,
      signed: true,
      values: [{ nameOff: graph.string("B"), value: -1 }],
    }),
  ]),
  corner("enums of 8 bytes", (graph) => [
    graph.enum64("none", []),
    graph.enum64("wide", [
      ["LOW", 1n],
      ["HIGH", 1n << 40n],
      ["BOTH", (1n << 40n) + 1n],
    ]),
    graph.add({
      kind: "enum64",
      nameOff: graph.string("signed"),
      size: 8,
      signed: true,
      values: [{ nameOff: graph.string("MINUS"), value: -2n }],
    }),
  ]),
  corner("pointer with a name", (graph) => graph.ref("ptr", graph.int("u32", 4), "&u32")),
  corner("parameters with and without names, and none", (graph) => [
    params(graph, ["", "named", "", ""]),
    params(graph, []),
    params(graph, [""]),
  ]),
  ...["memset", "memcpy", "memmove", "memcmp", "memchr"].map((name) =>
    corner(`${name} of every linkage`, (graph) =>
      [0, 1, 2].map((linkage) => graph.func(name, params(graph, ["a"]), linkage)),
    ),
  ),
  sections("sections without entries", (graph) => [
    graph.datasec(".data", 0, []),
    graph.datasec(".data.empty", 0, []),
    graph.datasec("license", 0, []),
    graph.int("last", 4),
  ]),
  sections("an empty section alone", (graph) => graph.datasec(".data.empty", 0, [])),
  sections("a section without entries that has a size", (graph) => graph.datasec(".data", 12, [])),
  sections("sections with slashes", (graph) => [
    graph.datasec("one/two/three", 0, []),
    graph.datasec("four/five/", 8, []),
    graph.datasec("one.two.three", 4, []),
  ]),
  sections("variables to be placed", (graph) => {
    const int = graph.int("u32", 4);
    const [first, second] = [graph.variable("first", int), graph.variable("second", int, 2)];
    const hidden = graph.variable("hidden", int, 0);
    return graph.datasec(".data", 0, [
      [hidden, 77, 4],
      [second, 0, 4],
      [first, 99, 4],
    ]);
  }),
  sections("variables that have places", (graph) => {
    const int = graph.int("u32", 4);
    return graph.datasec(".data", 12, [
      [graph.variable("second", int), 0, 4],
      [graph.variable("gone", int), 4, 4],
    ]);
  }),
  sections(
    "variables with symbols of other kinds",
    (graph) => {
      const int = graph.int("u32", 4);
      return graph.datasec(".data", 0, [[graph.variable("first", int), 0, 4]]);
    },
    [{ name: "first", section: ".data", value: 4, size: 4, binding: 0 }],
  ),
  sections(
    "a variable with a local symbol of no kind",
    (graph) => {
      const int = graph.int("u32", 4);
      return graph.datasec(".data", 0, [[graph.variable("first", int), 0, 4]]);
    },
    [{ name: "first", section: ".data", value: 4, size: 4, binding: 0, type: 0 }],
  ),
  ksyms("a variable of the kernel", (graph) => [graph.variable("asked", graph.int("u64", 8), 2)]),
  ksyms("a variable of the kernel, with an int there", (graph) => [
    graph.variable("asked", graph.ref("const", graph.int("int", 4, 1)), 2),
    graph.variable("again", 0, 2),
  ]),
  ksyms("a function of the kernel", (graph) => [graph.func("called", params(graph, ["", "named", "", ""]), 2)]),
  ksyms("functions and variables of the kernel", (graph) => [
    graph.variable("asked", graph.int("u64", 8), 2),
    graph.func("called", params(graph, [""]), 2),
    graph.func("again", params(graph, []), 2),
  ]),
  ksyms("an empty list of the kernel's symbols", () => []),
  ksyms("an empty list of the kernel's symbols, in a section", () => [], [
    { name: ".ksyms", bytes: new Uint8Array(4) },
  ]),
  ksyms("a function of the kernel that is a struct's", (graph) => [
    graph.func("called", graph.struct("odd", 8, [["", graph.int("u64", 8), 0]]), 2),
  ]),
  ksyms("a variable of the kernel, with other types of 4 bytes before an int", (graph) => {
    const int = graph.struct("four", 4, []);
    graph.enum("e", [["A", 1]]);
    return [graph.variable("asked", int, 2), graph.func("called", graph.proto(graph.int("i32", 4, 1), []), 2)];
  }),
  {
    name: "room between types and strings",
    bytes: () => {
      const graph = new Graph();
      graph.datasec(".data", 0, [[graph.variable("first", graph.int("u32", 4)), 0, 4]]);
      const blob = encodeBtf(graph.finish());
      const stringsAt = 24 + new DataView(blob.buffer, blob.byteOffset).getUint32(16, true);
      const wide = new Uint8Array(blob.length + 4);
      wide.set(blob.subarray(0, stringsAt));
      wide.set(blob.subarray(stringsAt), stringsAt + 4);
      return object({
        sections: [program, license, data],
        symbols: [main, ...placed],
        btf: patched(wide, [[16, stringsAt - 24 + 4]]),
      });
    },
  },
  // Maps and data beside each other.
  {
    name: "every part at once",
    bytes: () =>
      object({ sections: [program, license, maps, data], symbols: [main, mapSymbol, ...placed], btf: withMap(usual) }),
  },
];
