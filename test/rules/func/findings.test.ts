import { describe, expect, test } from "vitest";
import type { Graph } from "../../graph.ts";
import type { ObjectSymbol } from "../../object.ts";
import { type Told, told } from "../elf/told.ts";
import type { CodeParts } from "./assembled.ts";
import { codeState, type Described } from "./described.ts";

/**
 * A function of `.text` with one prototype and one body, called by a program, and every word that is said of it. What the verifier does with
 * such functions is asked in test/rules/linkage.test.ts and test/e2e/functions.test.ts; kernel/bpf/btf.c btf_prepare_func_args says it.
 */

interface Case {
  /** Result and parameters of f; u32(u32) unless said. */
  readonly proto?: (graph: Graph) => readonly number[];
  readonly f?: string;
  readonly main?: string;
  readonly section?: string;
  /** Whether the kernel refused the BTF as it came. */
  readonly refused?: boolean;
  readonly symbol?: Partial<ObjectSymbol>;
  readonly linkage?: number;
  /** What the FUNC is called, if not as the symbol. */
  readonly name?: string;
  readonly after?: Described["after"];
  readonly code?: CodeParts["code"];
}

const BODY = "r0 = r1; exit";

function found(given: Case, which = /^func\//): readonly Told[] {
  const { proto = NUMBER, f = BODY, main = "call f; r0 = 0; exit", section = "socket", refused = false } = given;
  const { symbol, linkage = 1, name = "f", after, code = {} } = given;
  const described: Described = {
    protos(graph) {
      const [result = 0, ...params] = proto(graph);
      return {
        f: graph.proto(
          result,
          params.map((param, index) => [`a${index}`, param] as const),
        ),
      };
    },
    linkage: { f: linkage },
    names: { f: name },
    refusedAsGiven: refused,
    ...(after === undefined ? {} : { after }),
  };
  const [little, big] = [true, false].map((littleEndian) => {
    const parts: CodeParts = {
      littleEndian,
      code: { ".text": { f, ...code[".text"] }, [section]: { main }, ...code },
      symbols: symbol === undefined ? [] : [{ name: "f", section: ".text", size: 16, ...symbol }],
    };
    // Of the program nothing is known, which is no matter here.
    return told(codeState(parts, described), which);
  });
  expect(big).toEqual(little);
  return little ?? [];
}

const NUMBER = (graph: Graph): readonly number[] => {
  const u32 = graph.int("u32", 4);
  return [u32, u32];
};
/** u32(T), where T comes first on the graph. */
const takes =
  (type: (graph: Graph) => number) =>
  (graph: Graph): readonly number[] => {
    const param = type(graph);
    return [graph.int("u32", 4), param];
  };

const GLOBAL = /^func\/(?!without-debug|context|symbol)/;
const INVALID = "Caller passes invalid args into func#…";

/** The finding that a global function makes. */
const wrong = (rule: string, why: string, text: string, more: Partial<Told> = {}) => ({
  rule: `func/${rule}`,
  severity: "error",
  message: expect.stringMatching(new RegExp(`^FUNC \\w+ \\[\\d+\\] is global, ${why.replace(/[()]/g, "\\$&")}$`)),
  target: { typeId: expect.any(Number) },
  answers: [`libbpf rejects at load, errno 22: ${text}`, `cilium/ebpf rejects at load: ${text}`],
  ...more,
});
const note = (rule: string, why: string) => wrong(rule, why, "", { severity: "note", answers: [] });

describe("memory builtins", () => {
  const why = "and verified alone it refuses what its callers pass";

  test.each(["memset", "memcpy", "memmove", "memcmp", "bcmp"])("%s", (name) => {
    const text = `Caller passes invalid args into func#… ('${name}')`;
    const answered = wrong("builtin-global", why, text);
    expect(found({ name }, GLOBAL)).toEqual([{ ...answered, answers: [...answered.answers, "aya repairs"] }]);
    expect(found({ name, main: "r0 = 0; exit" }, GLOBAL)).toEqual([note("builtin-global", why)]);
    expect(found({ name, linkage: 0 }, GLOBAL)).toEqual([]);
    expect(found({ name, refused: true, symbol: { binding: 0 } }, GLOBAL)).toHaveLength(1);
  });

  test("and no others", () => {
    for (const name of ["memchr", "memset_", "strlen"]) expect(found({ name }, GLOBAL)).toEqual([]);
  });
});

describe("symbols that are local", () => {
  const why = "but its symbol is local";

  test("where the BTF was refused", () => {
    expect(found({ refused: true, symbol: { binding: 0 } }, GLOBAL)).toEqual([
      wrong("linkage-not-symbol", why, INVALID),
    ]);
    expect(found({ symbol: { binding: 0 } }, GLOBAL)).toEqual([]);
    expect(found({ refused: true }, GLOBAL)).toEqual([]);
    expect(found({ refused: true, linkage: 0, symbol: { binding: 0 } }, GLOBAL)).toEqual([]);
  });

  test("or hidden, which libbpf mends where the names agree", () => {
    const [finding] = found({ refused: true, symbol: { visibility: 2 } }, GLOBAL);
    expect(finding?.answers).toEqual(["libbpf repairs", `cilium/ebpf rejects at load: ${INVALID}`]);
    const [renamed] = found({ refused: true, symbol: { visibility: 2 }, name: "other" }, GLOBAL);
    expect(renamed).toEqual(wrong("linkage-not-symbol", why, INVALID));
  });

  test("of a function that no program gets to", () => {
    const of = found({ refused: true, symbol: { binding: 0 }, main: "r0 = 0; exit" }, GLOBAL);
    expect(of).toEqual([note("linkage-not-symbol", why)]);
  });

  test("but not of a callback for exceptions, which the kernel wants global", () => {
    const tag = (text: string): Case => ({
      refused: true,
      symbol: { binding: 0 },
      after: (graph, { f = 0 }) => void graph.declTag(text, f),
    });
    expect(found(tag("exception_callback:f"), GLOBAL)).toEqual([]);
    expect(found(tag("exception_callback:g"), GLOBAL)).toHaveLength(1);
    expect(found(tag("f"), GLOBAL)).toHaveLength(1);
    expect(found(tag("a:exception_callback:f"), GLOBAL)).toHaveLength(1);
  });
});

describe("records in registers", () => {
  const held = (kind: string, size: number) => `and to the verifier argument 1 (${kind}) is a number of ${size} bytes`;
  const refusal = (kind: string) => `Arg#0 type ${kind} in f() is not supported yet.`;
  const cannot = "and its prototype cannot be verified alone";

  test.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 4],
    [5, 8],
    [6, 8],
    [7, 8],
    [8, 8],
  ])("of %i bytes are numbers of %i", (size, wanted) => {
    expect(found({ proto: takes((graph) => graph.struct("Pair", size, [])) }, GLOBAL)).toEqual([
      wrong("prototype-not-abi", held("STRUCT", wanted), refusal("STRUCT")),
    ]);
  });

  test.each<readonly [string, string, number, (graph: Graph) => number]>([
    ["a union", "UNION", 4, (graph) => graph.union("U", 4, [])],
    ["an array", "ARRAY", 8, (graph) => graph.array(graph.int("u8", 1), graph.int("u32", 4), 8)],
    ["a float", "FLOAT", 8, (graph) => graph.float("f64", 8)],
    ["one under another name", "STRUCT", 4, (graph) => graph.ref("typedef", graph.struct("Pair", 4, []), "T")],
  ])("%s is one", (_, kind, size, type) => {
    expect(found({ proto: takes(type) }, GLOBAL)).toEqual([
      wrong("prototype-not-abi", held(kind, size), refusal(kind)),
    ]);
  });

  test.each<readonly [string, string, (graph: Graph) => number]>([
    ["nothing", "STRUCT", (graph) => graph.struct("Unit", 0, [])],
    ["nine bytes", "STRUCT", (graph) => graph.struct("Large", 9, [])],
  ])("of %s are none", (_, kind, type) => {
    expect(found({ proto: takes(type) }, GLOBAL)).toEqual([wrong("not-verifiable-alone", cannot, refusal(kind))]);
  });

  test("that are results", () => {
    const text = "Global function f() doesn't return scalar. Only those are supported.";
    const result = (size: number) => (graph: Graph) => [graph.struct("Pair", size, []), graph.int("u32", 4)];
    const why = (size: number) => `and to the verifier its result (STRUCT) is a number of ${size} bytes`;
    expect(found({ proto: result(4) }, GLOBAL)).toEqual([wrong("prototype-not-abi", why(4), text)]);
    expect(found({ proto: result(16) }, GLOBAL)).toEqual([wrong("not-verifiable-alone", cannot, text)]);
    const both = (graph: Graph) => [graph.struct("Pair", 4, []), graph.struct("Other", 2, [])];
    const differs =
      "and to the verifier argument 1 (STRUCT) is a number of 2 bytes, its result (STRUCT) is a number of 4 bytes";
    expect(found({ proto: both }, GLOBAL)).toEqual([wrong("prototype-not-abi", differs, text)]);
    expect(found({ proto: (graph) => [graph.ptr(0), graph.struct("Other", 2, [])] }, GLOBAL)).toEqual([
      wrong("not-verifiable-alone", cannot, text),
    ]);
  });

  const PAIR = takes((graph) => graph.struct("Pair", 8, []));

  test("that are read as they come, and as nothing else", () => {
    const alone = wrong("not-verifiable-alone", cannot, refusal("STRUCT"));
    // An address, an argument that is not read, one in the next register, and more of those than it has.
    expect(found({ proto: PAIR, f: "r0 = *(u8 *)(r1 + 0); exit" }, GLOBAL)).toEqual([alone]);
    expect(found({ proto: PAIR, f: "r0 = 0; exit" }, GLOBAL)).toEqual([alone]);
    expect(found({ proto: PAIR, f: "r0 = r2; exit" }, GLOBAL)).toEqual([alone]);
    expect(found({ proto: PAIR, f: "r0 = r1; r0 += r2; exit" }, GLOBAL)).toEqual([alone]);
    expect(found({ proto: PAIR, f: "r0 = r10; exit" }, GLOBAL)).toEqual([alone]);
  });

  test("beside what is right as it is, or wrong in another way", () => {
    const beside = (type: (graph: Graph) => number) => (graph: Graph) => {
      const other = type(graph);
      return [graph.int("u32", 4), graph.struct("Pair", 8, []), other];
    };
    const TWO = "r0 = r1; r0 += r2; exit";
    const of = (type: (graph: Graph) => number, f = TWO) =>
      found({ proto: beside(type), f, main: "r2 = 1; call f; r0 = 0; exit" }, GLOBAL);
    const helped = [wrong("prototype-not-abi", held("STRUCT", 8), refusal("STRUCT"))];
    const lost = [wrong("not-verifiable-alone", cannot, refusal("STRUCT"))];
    expect(of((graph) => graph.int("u64", 8))).toEqual(helped);
    expect(of((graph) => graph.enum("e", []))).toEqual(helped);
    const offset = "r3 = r10; r3 += r2; r0 = *(u8 *)(r3 - 8); r0 += r1; exit";
    expect(of((graph) => graph.int("u64", 8), offset)).toEqual(lost);
    // A number in two registers; a pointer that only callers vouch for; a context.
    expect(of((graph) => graph.int("u128", 16))).toEqual(lost);
    expect(of((graph) => graph.ptr(graph.struct("S", 8, [])))).toEqual(lost);
    const read = "r0 = r1; r3 = *(u32 *)(r2 + 4); r0 += r3; exit";
    expect(of((graph) => graph.ptr(graph.struct("__sk_buff", 8, [])), read)).toEqual(helped);
    expect(of((graph) => graph.ptr(graph.struct("__sk_buff", 8, [])), read.replace("u32", "u64"))).toEqual(helped);
  });

  test("of a function that is local, or that no program gets to, stay", () => {
    const lost = note("not-verifiable-alone", cannot);
    expect(found({ proto: PAIR, main: "r0 = 0; exit" }, GLOBAL)).toEqual([lost]);
    expect(found({ proto: PAIR, symbol: { binding: 0 } }, GLOBAL)).toEqual([
      wrong("not-verifiable-alone", cannot, refusal("STRUCT")),
    ]);
    expect(found({ proto: PAIR, symbol: { visibility: 2 } }, GLOBAL)).toMatchObject([
      { rule: "func/not-verifiable-alone" },
    ]);
    expect(found({ proto: PAIR, linkage: 0 }, GLOBAL)).toEqual([]);
  });

  test("are five at most", () => {
    const many = (count: number) => (graph: Graph) => {
      const pair = graph.struct("Pair", 8, []);
      return [graph.int("u32", 4), ...Array.from({ length: count }, () => pair)];
    };
    const all = "r0 = r1; r0 += r2; r0 += r3; r0 += r4; r0 += r5; exit";
    const main = "r1 = 1; r2 = 1; r3 = 1; r4 = 1; r5 = 1; call f; r0 = 0; exit";
    expect(found({ proto: many(5), f: all, main }, GLOBAL)).toMatchObject([{ rule: "func/prototype-not-abi" }]);
    expect(found({ proto: many(6), f: all, main }, GLOBAL)).toEqual([
      wrong("not-verifiable-alone", cannot, "Global function f() with 6 > 5 args. Buggy compiler."),
    ]);
  });
});

describe("contexts that are not called so", () => {
  const READ = "r0 = *(u32 *)(r1 + 4); exit";
  const text = "Caller passes invalid args into func#… ('f')";
  const is = "and to the verifier argument 1 (PTR) is the program's context";
  const OPAQUE: readonly (readonly [string, (graph: Graph) => number])[] = [
    ["nothing", () => 0],
    ["a byte", (graph) => graph.int("u8", 1)],
    ["a constant byte", (graph) => graph.ref("const", graph.int("u8", 1))],
    ["what is declared", (graph) => graph.fwd("ctx")],
    ["c_void", (graph) => graph.enum("c_void", [["a", 0]], 1)],
  ];

  test.each(OPAQUE)("but a pointer to %s", (_, target) => {
    expect(found({ proto: takes((graph) => graph.ptr(target(graph))), f: READ }, GLOBAL)).toEqual([
      wrong("prototype-not-abi", is, text),
    ]);
    expect(
      found({ proto: takes((graph) => graph.ref("const", graph.ptr(target(graph)))), f: READ }, GLOBAL),
    ).toHaveLength(1);
  });

  test.each<readonly [string, (graph: Graph) => number]>([
    ["two bytes", (graph) => graph.int("u16", 2)],
    ["an enum of four", (graph) => graph.enum("e", [], 4)],
    ["a record", (graph) => graph.struct("S", 1, [])],
    ["the context", (graph) => graph.struct("__sk_buff", 8, [])],
    ["a pointer", (graph) => graph.ptr(0)],
  ])("not a pointer to %s", (_, target) => {
    expect(found({ proto: takes((graph) => graph.ptr(target(graph))), f: READ }, GLOBAL)).toEqual([]);
  });

  const VOID = takes((graph) => graph.ptr(0));

  test("only where a context comes, and is read", () => {
    expect(found({ proto: VOID, f: READ, main: "r1 = r10; call f; r0 = 0; exit" }, GLOBAL)).toEqual([]);
    expect(found({ proto: VOID, f: "r0 = 0; exit" }, GLOBAL)).toEqual([]);
    expect(found({ proto: VOID, f: READ, main: "r0 = 0; exit" }, GLOBAL)).toEqual([]);
    // A number is no pointer, whatever its register holds.
    expect(found({ f: READ }, GLOBAL)).toEqual([]);
  });

  test("of which a field of any width is a number", () => {
    expect(found({ proto: VOID, f: "r0 = *(u64 *)(r1 + 8); exit" }, GLOBAL)).toEqual([
      wrong("prototype-not-abi", is, text),
    ]);
  });

  test("not where a tag says so", () => {
    const tagged = (tag: string, component: number): Case => ({
      proto: VOID,
      f: READ,
      after: (graph, { f = 0 }) => void graph.declTag(tag, f, component),
    });
    expect(found(tagged("arg:ctx", 0), GLOBAL)).toEqual([]);
    expect(found(tagged("arg:ctx", -1), GLOBAL)).toHaveLength(1);
    expect(found(tagged("arg:nonnull", 0), GLOBAL)).toHaveLength(1);
    const elsewhere: Case = {
      proto: VOID,
      f: READ,
      after: (graph) => void graph.declTag("arg:ctx", graph.int("x", 4), 0),
    };
    expect(found(elsewhere, GLOBAL)).toHaveLength(1);
  });

  test("of programs of a kind without a struct, or of two kinds", () => {
    const given = "and is given the program's context, which its prototype does not say";
    expect(found({ proto: VOID, f: READ, section: "fentry/x" }, GLOBAL)).toEqual([
      wrong("not-verifiable-alone", given, text),
    ]);
    const two: Case = { proto: VOID, f: READ, code: { xdp: { other: "call f; r0 = 0; exit" } } };
    expect(found(two, GLOBAL)).toEqual([wrong("not-verifiable-alone", given, text)]);
    const alike: Case = { proto: VOID, f: READ, code: { tc: { other: "call f; r0 = 0; exit" } } };
    expect(found(alike, GLOBAL)).toMatchObject([{ rule: "func/prototype-not-abi" }]);
  });

  test("where that does not help", () => {
    const given = "and is given the program's context, which its prototype does not say";
    // An address comes of it, which no global function may give.
    expect(found({ proto: VOID, f: "r0 = *(u64 *)(r1 + 76); exit" }, GLOBAL)).toEqual([
      wrong("not-verifiable-alone", given, text),
    ]);
    expect(found({ proto: (graph) => [0, graph.ptr(0)], f: READ }, GLOBAL)).toEqual([
      wrong("not-verifiable-alone", given, text),
    ]);
  });
});

describe("what only callers vouch for", () => {
  const reason = (why: string, text: string) => [wrong("not-verifiable-alone", why, text)];
  const POINTER = "and only its callers vouch for its pointers or its missing result";
  const UNREAD = "and its callers need not set an argument that it never reads";
  const NUMBERS = "and only its callers vouch for the numbers that it takes or gives";
  const UNBOUNDED = "R… unbounded memory access, make sure to bounds check any such access";
  const INDEX = "r2 = r10; r2 += r1; r0 = *(u8 *)(r2 - 8); exit";

  test.each<readonly [string, Case, readonly unknown[]]>([
    ["a number", {}, []],
    [
      "a pointer to a record",
      { proto: takes((graph) => graph.ptr(graph.struct("S", 8, []))) },
      reason(POINTER, INVALID),
    ],
    ["no result", { proto: (graph) => [0, graph.int("u32", 4)] }, reason(POINTER, INVALID)],
    ["an argument that it does not read", { f: "r0 = 0; exit" }, reason(UNREAD, "R1 is not a scalar")],
    ["a number that is an offset", { f: INDEX }, reason(NUMBERS, UNBOUNDED)],
    [
      "a context",
      { proto: takes((graph) => graph.ptr(graph.struct("__sk_buff", 8, []))), f: "r0 = *(u32 *)(r1 + 4); exit" },
      [],
    ],
    [
      "a context that it hands on",
      { proto: takes((graph) => graph.ptr(graph.struct("__sk_buff", 8, []))), f: "r0 = *(u64 *)(r1 + 76); exit" },
      reason(NUMBERS, UNBOUNDED),
    ],
    ["nothing", { proto: (graph) => [graph.int("u32", 4)], f: "r0 = 0; exit" }, []],
  ])("%s", (_, given, wanted) => {
    expect(found({ ...given, refused: true }, GLOBAL)).toEqual(wanted);
    expect(found(given, GLOBAL)).toEqual([]);
  });

  test("is all that it takes where some code is not understood", () => {
    const code = { tc: { other: "code 0x8d 0x01; exit" } };
    expect(found({ refused: true, code }, GLOBAL)).toEqual(reason(NUMBERS, UNBOUNDED));
    const pair = takes((graph) => graph.struct("Pair", 8, []));
    expect(found({ proto: pair, code }, GLOBAL)).toMatchObject([{ rule: "func/not-verifiable-alone" }]);
  });

  test("is not known of a record without a function's symbol", () => {
    expect(found({ refused: true, symbol: { type: 1 } }, GLOBAL)).toEqual([]);
    const pair = takes((graph) => graph.struct("Pair", 8, []));
    expect(found({ proto: pair, symbol: { type: 1 } }, GLOBAL)).toMatchObject([{ rule: "func/not-verifiable-alone" }]);
    expect(
      found({ proto: takes((graph) => graph.ptr(0)), f: "r0 = *(u32 *)(r1 + 4); exit", symbol: { type: 1 } }, GLOBAL),
    ).toEqual([]);
  });

  test("is more than the prototype has arguments, whatever became of the BTF", () => {
    const more = (register: number) =>
      reason("and takes more registers than its prototype has arguments", `R${register} !read_ok`);
    for (const refused of [true, false]) {
      expect(found({ f: "r0 = r1; r0 += r2; exit", refused }, GLOBAL)).toEqual(more(2));
      expect(found({ f: "r0 = r5; r0 += r1; exit", refused }, GLOBAL)).toEqual(more(5));
      const none = { proto: (graph: Graph) => [graph.int("u32", 4)], f: "r0 = r1; exit" };
      expect(found({ ...none, refused }, GLOBAL)).toEqual(more(1));
    }
  });
});
