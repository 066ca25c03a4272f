import { describe, expect, test } from "vitest";
import type { ElfView } from "../../../src/elf/model.ts";
import { callGraph, reachedFrom } from "../../../src/rules/elf/license-calls.ts";
import { type CodePlace, codeOf } from "../../../src/rules/func/code.ts";
import { reachedFunctions } from "../../../src/rules/func/reached.ts";
import type { ObjectSection } from "../../object.ts";
import { assembledView, type CodeParts } from "./assembled.ts";

/** What code refers to: read off the instructions and relocations that the tests put there. */

/** Offset and symbol by name: R_BPF_64_ABS64. */
const pointer = (offset: number, symbol: string) => ({ offset, type: 2, symbol });

/** ".text+16", as readelf has it. */
const text = (elf: ElfView, { section, offset }: CodePlace): string => `${elf.sections[section]?.name}+${offset}`;

/** Every reference, the same in both byte orders. */
function references(parts: CodeParts): readonly string[] {
  const [little, big] = [true, false].map((littleEndian) => {
    const elf = assembledView({ ...parts, littleEndian });
    return codeOf(elf).references.map(({ kind, from, to }) => `${kind} ${text(elf, from)} ${text(elf, to)}`);
  });
  expect(big).toEqual(little);
  return little ?? [];
}

const TWO = { f: "r0 = 1; exit", g: "r0 = 2; exit" };

describe("references", () => {
  test("by relocation, with what is counted from there", () => {
    const code = { ".text": TWO, socket: { main: "call g; r1 = f ll; r2 = f+16 ll; call f+2; exit" } };
    expect(references({ code })).toEqual([
      "call socket+0 .text+16",
      "address socket+8 .text+0",
      "address socket+24 .text+16",
      "call socket+40 .text+16",
    ]);
  });

  test("as the assembler resolved them, in the order of the code", () => {
    const code = { ".text": { f: "call +3; r1 = code+2 ll; call g; exit", g: "r0 = 2; exit" } };
    expect(references({ code })).toEqual([
      "call .text+0 .text+32",
      "address .text+8 .text+32",
      "call .text+24 .text+40",
    ]);
  });

  test("not to helpers, kernel functions, data and numbers", () => {
    const code = {
      socket: { main: "call 5; r1 = 7 ll; r1 = datum ll; call outside; code 0x85 0x20; code 0x18 0x11; exit" },
    };
    const symbols = [{ name: "datum", section: ".data" }, { name: "outside" }];
    expect(references({ code, symbols, sections: [{ name: ".data", bytes: new Uint8Array(8) }] })).toEqual([]);
  });

  test("not in the second half of a wide load", () => {
    expect(references({ code: { ".text": { f: "code 0x18 0x01; code 0x85 0x10; exit" } } })).toEqual([]);
    // But right behind it.
    expect(references({ code: { ".text": { f: "r1 = 1 ll; call -3; exit" } } })).toEqual(["call .text+16 .text+0"]);
  });

  test("in the last instruction of a section", () => {
    expect(references({ code: { ".text": { f: "exit; call -2" } } })).toEqual(["call .text+8 .text+0"]);
    expect(references({ code: { ".text": TWO, tc: { main: "exit; call g" } } })).toEqual(["call tc+8 .text+16"]);
  });

  test("not where a relocation has no instruction to itself", () => {
    const section = (offset: number): ObjectSection => ({
      name: "tc",
      insns: [
        [0x85, 0x10, 0, -1],
        [0x95, 0, 0, 0],
      ],
      relocations: [{ offset, type: 10, symbol: "f" }],
    });
    const of = (offset: number) => references({ code: { ".text": TWO }, sections: [section(offset)] });
    expect(of(0)).toEqual(["call tc+0 .text+0"]);
    // The call is then one that the assembler resolved: to itself.
    expect(of(12)).toEqual(["call tc+0 tc+0"]);
  });
});

describe("functions", () => {
  // Made anew by each test: what is found out of an object is kept with it.
  const made = () =>
    codeOf(
      assembledView({
        code: {
          ".text": { f: "r0 = 1; exit", g: "call +1; exit; r0 = 3; exit", h: "call -99; exit" },
        },
        sections: [{ name: ".data", bytes: new Uint8Array(16) }],
        symbols: [
          { name: "label", section: ".text", value: 8, type: 0 },
          { name: "far", section: ".text", value: 64, type: 2 },
          { name: "datum", section: ".data", value: 0, type: 2 },
        ],
      }),
    );

  test("go from a symbol, or what is called, to the next", () => {
    const code = made();
    const at = (offset: number) => code.functionAt({ section: 1, offset });
    const ranges = [0, 8, 16, 24, 32, 40, 48, 56]
      .map((offset) => at(offset))
      .map((range) => [range?.start, range?.end]);
    const wanted = [0, 0, 16, 16, 32, 32, 48, 48].map((start) => [start, start + 16]);
    expect(ranges).toEqual(wanted);
    expect(at(0)).toEqual({ section: 1, start: 0, end: 16 });
  });

  test("are in code alone, and not before the first", () => {
    const code = made();
    expect(code.functionAt({ section: 2, offset: 0 })).toBeUndefined();
    expect(code.functionAt({ section: 99, offset: 0 })).toBeUndefined();
    const later = assembledView({
      code: { tc: { a: "r0 = 0; exit" } },
      symbols: [{ name: "a", section: "tc", value: 8 }],
    });
    expect(codeOf(later).functionAt({ section: 1, offset: 0 })).toBeUndefined();
    expect(codeOf(later).functionAt({ section: 1, offset: 8 })).toEqual({ section: 1, start: 8, end: 16 });
  });

  test("are looked at where there is code", () => {
    const code = made();
    expect(code.view(1)?.byteLength).toBe(64);
    expect(code.view(1)).toBe(code.view(1));
    expect([code.view(0), code.view(2), code.view(99)]).toEqual([undefined, undefined, undefined]);
  });
});

test.each([true, false])("who is called, little-endian %s", (littleEndian) => {
  const elf = assembledView({
    littleEndian,
    code: { ".text": { f: "call 5; call outside; call g; call -4; code 0x85 0x20; r1 = outside ll; exit", g: "exit" } },
    symbols: [{ name: "outside" }],
  });
  const code = codeOf(elf);
  const callee = (offset: number, section = 1) => code.callee({ section, offset });
  expect([0, 8, 16, 24, 32].map((offset) => callee(offset))).toEqual([
    { to: "helper", helper: 5 },
    { to: "extern", name: "outside" },
    { to: "function", place: { section: 1, offset: 64 } },
    { to: "function", place: { section: 1, offset: 0 } },
    { to: "unknown" },
  ]);
  // The address of an extern is no call; beyond the code, and outside of it, there is none.
  expect([callee(40), callee(72), callee(64, 0)]).toEqual([
    { to: "helper", helper: 0 },
    { to: "unknown" },
    { to: "unknown" },
  ]);
  expect([...code.relocated(1)]).toEqual([8, 16, 40]);
  expect(code.relocated(1)).toBe(code.relocated(1));
});

test.each([true, false])("pointers of data to functions, little-endian %s", (littleEndian) => {
  const inner = new Uint8Array(16);
  new DataView(inner.buffer).setUint32(8, 16, littleEndian);
  const held = (name: string): ObjectSection => ({ name, bytes: new Uint8Array(8), relocations: [pointer(0, "f")] });
  const elf = assembledView({
    littleEndian,
    code: { ".text": TWO, socket: { main: "call f; exit" } },
    sections: [
      { name: ".data", bytes: inner, relocations: [pointer(0, "g"), pointer(8, "f"), pointer(8, "datum")] },
      ...[".debug_info", ".BTF.ext", ".eh_frame", ".relics", "debug_info"].map(held),
      { name: "short", bytes: new Uint8Array(2), relocations: [pointer(0, "g")] },
    ],
    symbols: [{ name: "datum", section: ".data" }],
  });
  const { fromData } = codeOf(elf);
  expect(fromData.map((place) => text(elf, place))).toEqual([".text+16", ".text+16", ".text+0", ".text+16"]);
  expect(codeOf(elf).fromData).toBe(fromData);
});

describe("what programs are made of", () => {
  const made = () =>
    assembledView({
      code: {
        ".text": {
          a: "call b; exit",
          b: "r0 = 1; exit",
          c: "r1 = d ll; call 181; exit",
          d: "call 5; exit",
          e: "call f; exit",
          f: "call e; exit",
          g: "call 25; exit",
        },
        socket: { main: "call a; call outside; exit", second: "call 14; exit" },
        tc: { third: "call c; call nameless; exit" },
      },
      sections: [{ name: ".data", bytes: new Uint8Array(8), relocations: [pointer(0, "g")] }],
      symbols: [
        { name: "outside" },
        { name: "nameless", type: 3 },
        { name: "twin", section: "socket", binding: 0, type: 2 },
        { name: "later", section: "socket", type: 2 },
      ],
    });
  const names = (elf: ElfView, indices: Iterable<number>) =>
    [...indices].map((index) => elf.symbols[index]?.name).sort();

  test("functions of .text that they call or pass on", () => {
    const object = made();
    expect([...reachedFunctions(object)].sort((a, b) => a - b)).toEqual([0, 16, 32, 64]);
    expect(reachedFunctions(object)).toBe(reachedFunctions(object));
    expect(reachedFunctions(assembledView({ code: { tc: { a: "exit" } } })).size).toBe(0);
    expect(names(object, callGraph(object).reached)).toEqual(["a", "b", "c", "d", "main", "second", "third"]);
  });

  test("programs are the functions elsewhere, under their first global names", () => {
    const object = made();
    const graph = callGraph(object);
    expect(graph.programs.map(({ name }) => name)).toEqual(["main", "second", "third"]);
    expect(callGraph(object)).toBe(graph);
  });

  test("who calls whom", () => {
    const object = made();
    const graph = callGraph(object);
    const callers = [...graph.callers].map(([callee, by]) => [
      object.symbols[callee]?.name,
      by.map(({ name }) => name),
    ]);
    expect(Object.fromEntries(callers)).toEqual({ a: ["main"], b: ["a"], c: ["third"], d: ["c"], e: ["f"], f: ["e"] });
  });

  test("where helpers and undefined functions are called", () => {
    const graph = callGraph(made());
    const sites = [...graph.sites].map(([callee, list]) => [
      callee,
      list.map(({ section, offset, caller }) => `${section.name}+${offset} in ${caller.name}`),
    ]);
    expect(Object.fromEntries(sites)).toEqual({
      5: [".text+64 in d"],
      14: ["socket+24 in second"],
      25: [".text+112 in g"],
      181: [".text+48 in c"],
      outside: ["socket+8 in main"],
    });
    expect([63, 64, 79, 80].map((offset) => graph.functionAt(1, offset)?.name)).toEqual(["c", "d", "d", "e"]);
    expect(graph.functionAt(99, 0)).toBeUndefined();
  });

  test("from where a place is reached", () => {
    const graph = callGraph(made());
    const from = (callee: number | string) =>
      [...reachedFrom(graph, graph.sites.get(callee) ?? [])].map(([{ name }, { offset }]) => `${name} ${offset}`);
    expect(from(5)).toEqual(["third 64"]);
    expect(from(14)).toEqual(["second 24"]);
    expect(from(25)).toEqual([]);
    expect(from("outside")).toEqual(["main 8"]);
    // Of two places the first counts.
    const twice = callGraph(
      assembledView({ code: { ".text": { f: "call 5; exit" }, tc: { p: "call 5; call f; call 5; exit" } } }),
    );
    expect(
      [...reachedFrom(twice, twice.sites.get(5) ?? [])].map(([, { section, offset }]) => [section.name, offset]),
    ).toEqual([["tc", 0]]);
  });

  test("not in the second half of a wide load, nor before the first function", () => {
    const view = assembledView({
      code: { tc: { p: "call 7; code 0x18 0x01; code 0x85 0x00; call 8; exit" } },
      symbols: [{ name: "p", section: "tc", value: 8, size: 32 }],
    });
    expect([...callGraph(view).sites.keys()]).toEqual([8]);
  });
});
