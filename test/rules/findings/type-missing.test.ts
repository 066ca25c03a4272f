import { describe, expect, test } from "vitest";
import { ATE, TAG } from "../../../src/dwarf/constants.ts";
import { parseElf } from "../../../src/elf/parse.ts";
import type { LoweredFunction, LoweredVariable } from "../../../src/lower/model.ts";
import type { Diagnostic, Target } from "../../../src/rules/rule.ts";
import type { Graph } from "../../graph.ts";
import { buildObject } from "../../object.ts";
import { drops, u32 } from "./rows.ts";
import { blobState, btfOf, type Die, found, placeOfDie } from "./state.ts";
import { type TwinRow, tryTwins } from "./twins.ts";

/** BTF with types left out, and the debug info that has them: every hole is put in at a known place. */

const CHAR: Die = { tag: TAG.baseType, name: "char", encoding: ATE.utf };

/** The first type of the lowered blob where it is Rust's `char`. */
const char = (g: Graph): number => g.int("char", 4);

interface Hole {
  readonly target: Target;
  readonly what: string;
  readonly isChar?: boolean;
  /** The DIE of the type, where it is known. */
  readonly die?: number;
  readonly text?: string;
}

function missing({ target, what, isChar = false, die, text = "Invalid type_id" }: Hole): Diagnostic {
  const lacks = isChar ? "a char, for which LLVM wrote no type" : "something without a type";
  const place = die === undefined ? {} : { place: placeOfDie(die, target.member) };
  return { ...drops("btf/type-missing", target, `${what} holds ${lacks}`, text), ...place };
}

const NO_KIND = "the debug info names no type that BTF has: where this is C++, pointers can stand for references";

const variable = (typeId: number): LoweredVariable => ({
  row: 1,
  typeId,
  symbolName: "v",
  symbol: undefined,
  section: undefined,
  offset: 0,
  place: undefined,
  name: "v",
});

const func = (params: readonly number[]): LoweredFunction => ({
  row: 1,
  name: "f",
  linkageName: undefined,
  section: 1,
  offset: 0,
  external: true,
  returnTypeId: 0,
  params: params.map((typeId) => ({ name: "p", typeId, row: undefined })),
  place: undefined,
});

/** Own [1] u32, [2] S { a: u32, b: nothing, c: nothing }; lowered [1] char, [2] u32, [3] S with these members. */
const record = (
  about: string,
  lowered: readonly (readonly [string, "char" | "u32" | "void", number])[],
  finds: readonly Diagnostic[],
  kinds: readonly ["struct" | "union", "struct" | "union"] = ["struct", "struct"],
): TwinRow => ({
  about,
  twins: {
    own: (g) =>
      g.struct(
        "S",
        12,
        [
          ["a", u32(g), 0],
          ["b", 0, 32],
          ["gr_C3__B6__C3__9F_e", 0, 64],
        ].map(([name, type, at]) => [String(name), Number(type), kinds[0] === "union" ? 0 : Number(at)] as const),
        kinds[0],
      ),
    lowered: (g) => {
      const ids = { void: 0, char: char(g), u32: u32(g) };
      g.struct(
        "S",
        12,
        lowered.map(([name, type, at]) => [name, ids[type], at] as const),
        kinds[1],
      );
    },
    pairs: { 2: 3 },
    dies: { 1: CHAR },
  },
  finds,
});

const hole = (member: number, isChar: boolean, kind = "STRUCT"): Diagnostic =>
  missing({ target: { typeId: 2, member }, what: `${kind} S [2]`, isChar, die: 3 });

describe("members", () => {
  tryTwins([
    record(
      "a char and a number",
      [
        ["a", "u32", 0],
        ["b", "char", 32],
        ["größe", "u32", 64],
      ],
      [hole(1, true), hole(2, false)],
    ),
    record(
      "the other way round",
      [
        ["größe", "char", 64],
        ["b", "u32", 32],
      ],
      [hole(1, false), hole(2, true)],
    ),
    record(
      "of a union",
      [
        ["a", "u32", 0],
        ["b", "char", 0],
        ["größe", "u32", 0],
      ],
      [hole(1, true, "UNION"), hole(2, false, "UNION")],
      ["union", "union"],
    ),
    // What is known comes first.
    record(
      "one at another place",
      [
        ["b", "char", 40],
        ["größe", "char", 64],
      ],
      [hole(2, true), hole(1, false)],
    ),
    record(
      "one of another name",
      [
        ["z", "char", 32],
        ["größe", "char", 64],
      ],
      [hole(2, true), hole(1, false)],
    ),
    record(
      "one that debug info has no type for either",
      [
        ["b", "void", 32],
        ["größe", "char", 64],
      ],
      [hole(2, true), hole(1, false)],
    ),
    record(
      "none of a record of another kind",
      [
        ["b", "char", 32],
        ["größe", "char", 64],
      ],
      [hole(1, false), hole(2, false)],
      ["struct", "union"],
    ),
  ]);
});

/** Own [1] u32, [2] i32, [3] u8, [4] ARRAY; lowered [1] char, [2] u8, [3] ARRAY. */
const array = (
  about: string,
  own: number,
  lowered: number,
  finds: readonly Diagnostic[],
  die: Die = CHAR,
): TwinRow => ({
  about,
  twins: {
    own: (g) => [u32(g), g.int("i32", 4, 1), g.int("u8", 1), g.array(own, 1, 2), g.struct("s", 4, [["a", 1, 0]])],
    lowered: (g) => [char(g), g.int("u8", 1), g.array(lowered, 2, 2)],
    pairs: { 4: 3 },
    dies: { 1: die, 2: { tag: TAG.baseType, encoding: ATE.unsigned } },
  },
  finds,
});
const element = (isChar: boolean): Diagnostic =>
  missing({ target: { typeId: 4 }, what: "ARRAY [4]", isChar, die: 3, text: "Invalid elem" });

/** The kernel takes it: it knows nothing of the source. */
const another: Diagnostic = {
  ...element(true),
  severity: "warning",
  answers: [{ judge: "bpftool", answer: "misreads", how: "elements of another type" }],
};

describe("elements", () => {
  tryTwins([
    array("no type where the source says char", 0, 1, [element(true)]),
    array("no type where the source says u8", 0, 2, [element(false)]),
    array("no type where debug info has none", 0, 0, [element(false)]),
    array("a type that no blob has where the source says u8", 99, 2, [element(false)]),
    array("a type that no blob has", 99, 1, [element(true)]),
    array("a number of 4 bytes without a sign, which a char is", 1, 1, []),
    array("a number with a sign where the source says char", 2, 1, [another]),
    array("a number of one byte where the source says char", 3, 1, [another]),
    array("a record where the source says char", 5, 1, [another]),
    array("a number with a sign where the source says u8", 2, 2, []),
    array("a number with a sign where the source says nothing", 2, 0, []),
    array("a number with a sign where the source has a base type that is no char", 2, 1, [], {
      tag: TAG.baseType,
      encoding: ATE.unsigned,
    }),
    array("a number with a sign where the source has something else than a base type", 2, 1, [], {
      tag: TAG.typedef,
      encoding: ATE.utf,
    }),
  ]);
});

describe("variables and parameters", () => {
  const typeless = (
    about: string,
    linkage: number,
    typeId: number | undefined,
    finds: readonly Diagnostic[],
    own = 0,
  ): TwinRow => ({
    about,
    twins: {
      own: (g) => [u32(g), g.variable("v", own, linkage)],
      lowered: (g) => [char(g), u32(g)],
      pairs: {},
      dies: { 1: CHAR, 2: { tag: TAG.baseType, encoding: ATE.unsigned } },
      ...(typeId === undefined ? {} : { variables: { 2: variable(typeId) } }),
    },
    finds,
  });
  const hole = (isChar: boolean): Diagnostic => missing({ target: { typeId: 2 }, what: "VAR v [2]", isChar });
  /** Own [1] u32, [2] FUNC_PROTO, [3] FUNC f. */
  const called = (
    about: string,
    own: readonly number[],
    source: readonly number[] | undefined,
    finds: readonly Diagnostic[],
    proto = 2,
  ): TwinRow => ({
    about,
    twins: {
      own: (g) => [
        u32(g),
        g.proto(
          0,
          own.map((type, index) => [`p${index}`, type] as const),
        ),
        g.func("f", proto),
      ],
      lowered: (g) => [char(g), u32(g)],
      pairs: { 3: 2 },
      dies: { 1: CHAR, 2: { tag: TAG.baseType, encoding: ATE.unsigned } },
      ...(source === undefined ? {} : { functions: { 3: func(source) } }),
    },
    finds,
  });
  const parameter = (member: number): Diagnostic =>
    missing({ target: { typeId: 2, member }, what: "FUNC_PROTO [2]", isChar: true, text: `Invalid arg#${member + 1}` });
  tryTwins([
    typeless("a char", 1, 1, [hole(true)]),
    typeless("a private number", 0, 2, [hole(false)]),
    typeless("an extern, which needs none", 2, 1, []),
    typeless("of which debug info has no type", 1, 0, [hole(false)]),
    typeless("of which debug info knows nothing", 1, undefined, [hole(false)]),
    typeless("with a type, right or wrong", 1, 1, [], 1),
    called("the second parameter", [1, 0, 1], [2, 1, 2], [parameter(1)]),
    called("two parameters", [0, 1, 0], [1, 1, 1], [parameter(0), parameter(2)]),
    called("a parameter that is no char", [0], [2], []),
    called("a parameter without a type in the source", [0], [0], []),
    called("a parameter too many", [0, 0], [1], []),
    called("a parameter too few", [0], [1, 1], []),
    called("of a function that debug info does not know", [0], undefined, []),
    called("of a function without a prototype", [0], [1], [], 1),
  ]);
});

describe("records that no VAR leads to", () => {
  /** Own [1] u32, [2] S; lowered [1] char, [2] u32, [3] S; nothing ties them but their heads. */
  const stray = (about: string, name: string, size: number, finds: readonly Diagnostic[]): TwinRow => ({
    about,
    twins: {
      own: (g) =>
        g.struct("S", 8, [
          ["a", u32(g), 0],
          ["b", 0, 32],
        ]),
      lowered: (g) => {
        const letter = char(g);
        g.struct(name, size, [
          ["a", u32(g), 0],
          ["b", letter, 32],
        ]);
      },
      pairs: {},
      dies: { 1: CHAR },
    },
    finds,
  });
  const hole = (isChar: boolean): Diagnostic =>
    missing({ target: { typeId: 2, member: 1 }, what: "STRUCT S [2]", isChar });
  tryTwins([
    stray("of one name and size", "S", 8, [hole(true)]),
    stray("of another name", "T", 8, [hole(false)]),
    stray("of another size", "S", 12, [hole(false)]),
  ]);
});

describe("of an object", () => {
  const [inside] = [
    {
      own: (g: Graph) => g.struct("S", 4, [["a", 0, 0]]),
      pairs: { 1: 2 },
      dies: { 1: CHAR },
      elf: parseElf(buildObject({})),
    },
  ];
  tryTwins([
    {
      about: "help where debug info has no type either",
      twins: { ...inside, lowered: (g) => [u32(g), g.struct("S", 4, [["a", 0, 0]])] },
      finds: [{ ...missing({ target: { typeId: 1, member: 0 }, what: "STRUCT S [1]", die: 2 }), help: NO_KIND }],
    },
    {
      about: "none where it has one",
      twins: { ...inside, lowered: (g) => [char(g), g.struct("S", 4, [["a", 1, 0]])] },
      finds: [missing({ target: { typeId: 1, member: 0 }, what: "STRUCT S [1]", die: 2, isChar: true })],
    },
  ]);

  test("help where there is no debug info", () => {
    const elf = parseElf(buildObject({}));
    const [finding, ...more] = found({ ...blobState(btfOf((g) => g.struct("S", 4, [["a", 0, 0]]))), elf });
    expect([finding?.help, more]).toEqual([
      "only debug info tells the type: run btf-fix before the object is stripped",
      [],
    ]);
  });
});
