import { encodeBtf } from "../../../src/btf/encode.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import { Graph } from "../../graph.ts";
import { CALL, EXIT, type ObjectSymbol, R_BPF_64_32 } from "../../object.ts";
import {
  type AyaCase,
  ext,
  inText,
  LOAD,
  license,
  type Members,
  main,
  mapSymbol,
  maps,
  number,
  object,
  patched,
  program,
  R_BPF_64_64,
  relocated,
  usual,
  withMap,
} from "./draft.ts";

/** BTF whose only user of a DATASEC of size 0 is this section. */
function dataOf(name: string, entries: (graph: Graph) => readonly (readonly [number, number, number])[]): Uint8Array {
  const graph = new Graph();
  graph.datasec(name, 0, entries(graph));
  return encodeBtf(graph.finish());
}

const data = { name: ".data", bytes: new Uint8Array(8) };
const withData = (btf: Uint8Array, symbols: readonly ObjectSymbol[] = []): Uint8Array =>
  object({ sections: [program, license, data], symbols: [main, ...symbols], btf });

export const loadCases: readonly AyaCase[] = [
  { rule: "AX-01", name: "section that is not there", bytes: () => withData(dataOf(".gone", () => [])) },
  {
    rule: "AX-02",
    name: "data that is no variable",
    bytes: () => withData(dataOf(".data", (graph) => [[graph.int("u32", 4), 0, 4]])),
  },
  {
    rule: "AX-03",
    name: "variable without a symbol",
    bytes: () => withData(dataOf(".data", (graph) => [[graph.variable("gone", graph.int("u32", 4)), 0, 4]])),
  },
  {
    rule: "AK-01",
    name: "kernel symbol that is an int",
    bytes: () => withData(dataOf(".ksyms", (graph) => [[graph.int("u32", 4), 0, 4]])),
    only: "0.6",
  },
  {
    rule: "AK-02",
    name: "kernel symbol without a symbol",
    bytes: () => withData(dataOf(".ksyms", (graph) => [[graph.variable("gone", graph.int("u32", 4)), 0, 4]])),
    only: "0.6",
  },
  { rule: "AL-01", name: "refused BTF of an fentry", bytes: () => needing() },
];

/** An fentry program beside a struct whose name is none. */
function needing(): Uint8Array {
  const graph = new Graph();
  graph.struct("no name", 4, []);
  const section = { ...program, name: "fentry/f" };
  return object({
    sections: [section, license],
    symbols: [{ ...main, section: "fentry/f" }],
    btf: encodeBtf(graph.finish()),
  });
}

const wide = { ...main, size: 24 };
const callOf = (symbol: ObjectSymbol, type = R_BPF_64_32): Uint8Array =>
  object({ sections: [relocated(symbol.name, type, [CALL, EXIT]), license, maps], symbols: [main, mapSymbol, symbol] });

export const relocationCases: readonly AyaCase[] = [
  {
    rule: "AR-01",
    name: "relocation within an instruction",
    bytes: () =>
      object({ sections: [relocated("MAP", R_BPF_64_64, LOAD, 4), license, maps], symbols: [wide, mapSymbol] }),
  },
  {
    rule: "AR-02",
    name: "relocation against a symbol that is not there",
    bytes: () => {
      const bytes = object({
        sections: [relocated("MAP", R_BPF_64_64, LOAD), license, maps],
        symbols: [wide, mapSymbol],
      });
      const at = parseElf(bytes).sections.find(({ name }) => name === ".relsocket")?.offset ?? 0;
      return patched(bytes, [[at + 12, 99]]);
    },
  },
  {
    rule: "AR-03",
    name: "reference to the license",
    bytes: () =>
      object({
        sections: [relocated("text", R_BPF_64_64, LOAD), license, maps],
        symbols: [wide, mapSymbol, { name: "text", section: "license", size: 4 }],
      }),
  },
  {
    rule: "AR-04",
    name: "reference to data at the end",
    bytes: () =>
      object({
        sections: [relocated("x", R_BPF_64_64, [[0x18, 1, 0, 0]]), license, maps, data],
        symbols: [{ ...main, size: 8 }, mapSymbol, { name: "x", section: ".data", size: 4 }],
      }),
  },
  { rule: "AR-05", name: "symbol that nothing declares", bytes: () => callOf({ name: "gone", type: 0 }), only: "0.6" },
  {
    rule: "AR-06",
    name: "call of a label",
    bytes: () => callOf({ name: "label", section: "socket", value: 8, type: 0 }),
  },
  { rule: "AR-07", name: "call of an undefined function", bytes: () => callOf({ name: "gone", type: 2 }) },
  {
    rule: "AR-08",
    name: "call to within a function",
    bytes: () => callOf({ name: "part", section: "license", value: 8, size: 8, type: 2 }),
  },
  { rule: "AR-09", name: "callee without func_info", bytes: () => informed(), only: "0.6" },
];

/** A program with func_info that calls a function without. */
function informed(): Uint8Array {
  const graph = new Graph();
  graph.func("main", graph.proto(0, []));
  const name = graph.string("socket");
  const text = { name: ".text", insns: [EXIT] };
  const info = { name: ".BTF.ext", bytes: ext(0, [8, name, 1, 0, 2]), flags: 0 };
  return object({
    sections: [relocated("callee", R_BPF_64_32, [CALL, EXIT]), license, text, info],
    symbols: [main, inText("callee", 0, 8)],
    btf: encodeBtf(graph.finish()),
  });
}

const mapOf = (type: number, more: Members = []): Uint8Array =>
  object({
    btf: withMap((graph) => {
      const changed: Members = [["type", number(graph, type)], ...more];
      return [...usual(graph).filter(([name]) => !changed.some(([other]) => other === name)), ...changed];
    }),
  });

/** A map of task storage, which has no entries of its own. */
function taskStorage(): Uint8Array {
  const btf = withMap((graph) => {
    const int = graph.int("int", 4, 1);
    return [
      ["type", number(graph, 29)],
      ["map_flags", number(graph, 1)],
      ["key", graph.ptr(int)],
      ["value", graph.ptr(int)],
    ];
  });
  return object({ btf });
}

/** A key of 4 bytes that is said to be 8 long. */
function oddKey(): Uint8Array {
  return object({ btf: withMap((graph) => [...usual(graph), ["key_size", number(graph, 8)]]) });
}

/** What aya itself refuses, and aya-obj does not. */
export const mapCases: readonly AyaCase[] = [
  { rule: "AL-02", name: "map of type 99", bytes: () => mapOf(99) },
  { rule: "AL-07", name: "map of no type", bytes: () => mapOf(0) },
  { rule: "AL-04", name: "array of undefined maps", bytes: () => mapOf(12) },
  {
    rule: "AL-06",
    name: "map beside a type that the kernel refuses",
    bytes: () =>
      object({
        btf: withMap((graph) => {
          graph.struct("no name", 4, []);
          return usual(graph);
        }),
      }),
  },
  { rule: "AL-07", name: "key_size after key", bytes: oddKey },
  { rule: "AL-05", name: "task storage", bytes: taskStorage },
];
