import { describe, expect, test } from "vitest";
import type { Graph } from "../../graph.ts";
import type { ObjectSymbol } from "../../object.ts";
import { type Told, told } from "../elf/told.ts";
import type { CodeParts } from "./assembled.ts";
import { codeState, type Described } from "./described.ts";

/** Functions that BTF describes by halves: without a record, without a prototype, under another name, or without the type of a context. */

function found(parts: CodeParts, described: Described, which: RegExp): readonly Told[] {
  const [little, big] = [true, false].map((littleEndian) =>
    told(codeState({ ...parts, littleEndian }, described), which),
  );
  expect(big).toEqual(little);
  return little ?? [];
}

const plain = (graph: Graph): number => graph.proto(graph.int("u32", 4), []);
/** Every program is described, so that there is a table. */
const PROGRAM: Described = { protos: (graph) => ({ main: plain(graph) }) };

describe("functions without a record", () => {
  const which = /^func\/without-debug-info/;
  const of = (code: CodeParts["code"], symbols: readonly ObjectSymbol[] = [], described = PROGRAM) =>
    found({ code, symbols }, described, which);
  const refusals = (name: string) => [
    `libbpf rejects at load, errno 2: prog '${name}': missing .BTF.ext function info.`,
    "cilium/ebpf rejects at load: number of funcs in func_info doesn't match number of subprogs",
    `aya rejects at load: BTF function info for \`${name}\` does not match the program`,
  ];
  const finding = (symbol: number, text: string, more: Partial<Told> = {}) => ({
    rule: "func/without-debug-info",
    severity: "error",
    message: `function ${text} has no debug info, though others have`,
    target: { symbol },
    answers: refusals(text),
    help: "build its source with debug = 2",
    ...more,
  });
  const F = "r0 = r1; exit";

  test("that programs get to, and those that none does", () => {
    const code = { ".text": { f: F, idle: F }, socket: { main: "call f; exit" } };
    expect(of(code)).toEqual([finding(1, "f"), finding(2, "idle", { severity: "note", answers: [] })]);
    expect(of(code, [], { protos: (graph) => ({ main: plain(graph), f: plain(graph), idle: plain(graph) }) })).toEqual(
      [],
    );
    // Where nothing has a record, none is missing.
    expect(of(code, [], {})).toEqual([]);
  });

  test("whose code does not tell what they take", () => {
    const code = { ".text": { f: "call 6; exit" }, socket: { main: "call f; exit" } };
    expect(of(code)).toEqual([
      finding(1, "f", { help: "its code does not tell what it takes: build its source with debug = 2" }),
    ]);
  });

  test("of a crate, as the source calls them", () => {
    const name = "_ZN3dep3mix17h0123456789abcdefE";
    const code = { ".text": { [name]: F }, socket: { main: `call ${name}; exit` } };
    expect(of(code)).toEqual([
      finding(1, "dep::mix", {
        message: expect.stringMatching(/^function \S*mix\S* has no debug info, though others have$/),
        answers: refusals(name),
        help: "build crate dep with debug = 2",
      }),
    ]);
  });

  test("of two names at one place once", () => {
    const code = { ".text": { f: F }, socket: { main: "call f; exit" } };
    expect(of(code, [{ name: "alias", section: ".text", type: 2 }])).toEqual([finding(1, "f")]);
  });

  test("elsewhere, if they are no programs", () => {
    const code = (main: string) => ({ ".text.unlikely.": { cold: F }, socket: { main } });
    const local = [{ name: "cold", section: ".text.unlikely.", binding: 0, size: 16 }];
    expect(of(code("call cold; exit"), local)).toMatchObject([{ severity: "error" }]);
    expect(of(code("r0 = 0; exit"), local)).toMatchObject([{ severity: "note", answers: [] }]);
    expect(of(code("call cold; exit"))).toEqual([]);
    // At another place than is called.
    const second = { ".text.unlikely.": { cold: F, other: F }, socket: { main: "call other; exit" } };
    expect(of(second, local)).toMatchObject([{ severity: "note" }]);
  });

  test("are functions, in code", () => {
    const code = { ".text": { f: F }, socket: { main: "r0 = 0; exit" } };
    expect(of(code, [{ name: "f", section: ".text", type: 0 }])).toEqual([]);
    expect(
      found(
        {
          code: { socket: { main: "r0 = 0; exit" } },
          sections: [{ name: ".text", flags: 2 }],
          symbols: [{ name: "f", section: ".text", type: 2 }],
        },
        PROGRAM,
        which,
      ),
    ).toEqual([]);
  });
});

describe("functions without a prototype", () => {
  const which = /^func\/(?:without-prototype|prototype-lost)/;
  const CODE = { ".text": { f: "r0 = r1; exit", g: "call 6; exit" }, socket: { main: "call f; call g; exit" } };
  const drops = (text: string) => [
    `libbpf rejects: btf: type [4]: ${text}`,
    "kernel drops the BTF: Invalid type_id",
    "libbpf drops the BTF: Error loading .BTF into kernel: -EINVAL. BTF is optional, ignoring.",
  ];
  /** The program has type 1, 2 and 3; then comes what is tried. */
  const lost = (name: string, type: number): Described => ({
    protos: (graph) => ({ main: plain(graph) }),
    after: (graph) => void graph.func(name, type),
  });

  test("that code does not show", () => {
    const finding = {
      rule: "func/without-prototype",
      severity: "error",
      message: "FUNC f [4] has no prototype",
      target: { typeId: 4 },
      answers: drops("referenced type [1] is not FUNC_PROTO"),
      help: 'build with `debug = 2` ("line-tables-only" leaves no types)',
    };
    expect(found({ code: CODE }, lost("f", 1), which)).toEqual([finding]);
    expect(found({ code: CODE }, lost("f", 0), which)).toEqual([
      { ...finding, answers: drops("referenced type [0] is not FUNC_PROTO") },
    ]);
    expect(found({ code: CODE }, lost("f", 99), which)).toEqual([
      { ...finding, answers: drops("invalid referenced type ID 99") },
    ]);
    expect(found({ code: CODE }, lost("f", 2), which)).toEqual([]);
  });

  test("that code shows, where a program is typed", () => {
    const state = (main: boolean): Described => ({
      protos: (graph) => {
        const int = graph.int("u32", 4);
        return { main: main ? graph.proto(int, []) : int, f: int, g: int };
      },
    });
    expect(found({ code: CODE }, state(true), which)).toEqual([
      {
        rule: "func/without-prototype",
        severity: "error",
        message: "FUNC g [5] has no prototype",
        target: { typeId: 5 },
        answers: drops("referenced type [1] is not FUNC_PROTO").map((text) => text.replace("[4]", "[5]")),
        help: 'build with `debug = 2` ("line-tables-only" leaves no types)',
      },
      {
        rule: "func/prototype-lost",
        severity: "error",
        message: "FUNC f [4] has no prototype",
        target: { typeId: 4 },
        answers: drops("referenced type [1] is not FUNC_PROTO"),
      },
    ]);
    // Where none is, nothing is certain, and all are told as one.
    const all = found({ code: CODE }, state(false), which);
    expect(all.map(({ rule, message, target }) => [rule, message, target])).toEqual([
      ["func/without-prototype", "FUNC main [2], FUNC f [3], FUNC g [4] have no prototype", {}],
    ]);
  });

  test("are named up to eight", () => {
    const many = (count: number): Described => ({
      protos: (graph) => ({ main: plain(graph) }),
      after: (graph) => Array.from({ length: count }, (_, index) => graph.func(`f${index}`, 1)),
    });
    const message = (count: number) => found({ code: CODE }, many(count), which)[0]?.message;
    const names = Array.from({ length: 8 }, (_, index) => `FUNC f${index} [${index + 4}]`).join(", ");
    expect([message(8), message(10)]).toEqual([
      `${names} have no prototype`,
      `${names} and 2 others have no prototype`,
    ]);
  });
});

describe("functions that linkers do not find", () => {
  const which = /^func\/symbol-not-named/;
  interface Named {
    readonly name?: string;
    readonly linkage?: number;
    readonly main?: string;
    readonly symbol?: Partial<ObjectSymbol>;
    readonly after?: Described["after"];
    readonly text?: string;
  }
  const of = ({ name = "short", linkage = 1, main = "call mangled; exit", symbol, after, text = "mangled" }: Named) =>
    found(
      {
        code: { ".text": { [text]: "r0 = 0; exit" }, socket: { main } },
        symbols: symbol === undefined ? [] : [{ name: text, section: ".text", size: 16, ...symbol }],
      },
      {
        protos: (graph) => ({ [text]: plain(graph) }),
        names: { [text]: name },
        linkage: { [text]: linkage },
        ...(after === undefined ? {} : { after }),
      },
      which,
    );
  const finding = {
    rule: "func/symbol-not-named",
    severity: "note",
    message: "FUNC short [3] is called mangled by the symbol table, and no FUNC is",
    target: { typeId: 3 },
    answers: ["bpftool rejects: failed to find BTF info for global/extern symbol 'mangled'", "libbpf accepts"],
    help: "export it under its own name: #[unsafe(no_mangle)]",
  };

  test("by their symbol", () => {
    expect(of({})).toEqual([finding]);
    expect(of({ main: "r0 = 0; exit" })).toEqual([finding]);
    expect(of({ linkage: 0 })).toEqual([{ ...finding, severity: "warning" }]);
    expect(of({ name: "mangled" })).toEqual([]);
  });

  test("but what nobody looks for", () => {
    // A static function that is called by no name; a symbol that is local.
    expect(of({ linkage: 0, main: "r0 = 0; exit" })).toEqual([]);
    expect(of({ symbol: { binding: 0 } })).toEqual([]);
    expect(of({ text: "a-b", main: "r0 = 0; exit" })).toEqual([]);
  });

  test("unless another FUNC or VAR is of that name", () => {
    const also = (make: (graph: Graph) => unknown): Named => ({ after: (graph) => void make(graph) });
    expect(of(also((graph) => graph.func("mangled", 2, 1)))).toEqual([]);
    expect(of(also((graph) => graph.variable("mangled", 1, 1)))).toEqual([]);
    expect(of(also((graph) => graph.func("mangled", 2, 2)))).toEqual([]);
    expect(of(also((graph) => graph.func("mangled", 2, 0)))).toEqual([finding]);
    expect(of(also((graph) => graph.struct("mangled", 0, [])))).toEqual([finding]);
  });
});

describe("programs whose context has no type", () => {
  const which = /^func\/context-untyped/;
  const of = (section: string, pointee: (graph: Graph) => number, count = 1) =>
    found(
      { code: { [section]: { main: "r0 = 0; exit" } } },
      {
        protos: (graph) => {
          const param = pointee(graph);
          return {
            main: graph.proto(
              graph.int("u32", 4),
              Array.from({ length: count }, (_, i) => [`a${i}`, param] as const),
            ),
          };
        },
      },
      which,
    );
  const cVoid = (graph: Graph): number => graph.ptr(graph.enum("c_void", [["a", 0]], 1));

  test("as aya's macros leave them", () => {
    expect(of("socket", cVoid)).toEqual([
      {
        rule: "func/context-untyped",
        severity: "note",
        message: "FUNC main [5] does not say that its argument is a __sk_buff, so no program can replace it",
        target: { typeId: 5 },
        answers: ["kernel rejects errno 22: arg0 in main() is not a pointer to context"],
      },
    ]);
    expect(of("xdp", (graph) => graph.ref("const", cVoid(graph)))).toMatchObject([
      { message: expect.stringContaining("is a xdp_md,") },
    ]);
    expect(of("xdp", (graph) => graph.ptr(graph.ref("const", graph.enum("c_void", [], 1))))).toHaveLength(1);
  });

  test("and no others", () => {
    expect(of("fentry/x", cVoid)).toEqual([]);
    expect(of("freplace/x", cVoid)).toEqual([]);
    expect(of(".text", cVoid)).toEqual([]);
    expect(of("socket", cVoid, 2)).toEqual([]);
    expect(of("socket", cVoid, 0)).toEqual([]);
    expect(of("socket", (graph) => graph.enum("c_void", [], 1))).toEqual([]);
    expect(of("socket", (graph) => graph.ptr(graph.enum("c_void", [], 4)))).toEqual([]);
    expect(of("socket", (graph) => graph.ptr(graph.enum("void", [], 1)))).toEqual([]);
    expect(of("socket", (graph) => graph.ptr(0))).toEqual([]);
    const beside = (graph: Graph): number => {
      graph.enum("c_void", [], 1);
      return graph.ptr(graph.struct("c_void", 1, []));
    };
    expect(of("socket", beside)).toEqual([]);
  });
});
