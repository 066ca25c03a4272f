import type { Diagnostic, Target } from "../../../src/rules/rule.ts";
import type { Graph } from "../../graph.ts";
import { type Row, tryRows, u32 } from "./rows.ts";

/** What readers in C see of scalars, of names, and of an `Option`. */

const char = (typeId: number, size: number): Diagnostic => ({
  rule: "btf/char-of-four-bytes",
  severity: "warning",
  message: `INT char [${typeId}] has ${size} bytes`,
  target: { typeId },
  answers: [{ judge: "bpftool", answer: "misreads", how: "C programs see one byte" }],
});
const inC = (rule: string, target: Target, message: string): Diagnostic => ({
  rule,
  severity: "note",
  message,
  target,
  answers: [{ judge: "bpftool", answer: "misreads", how: "its C does not compile" }],
});
const scalar = (typeId: number, what: string, name: string): Diagnostic =>
  inC("btf/integer-not-c", { typeId }, `${what} [${typeId}] is ${name} in C`);
const keyword = (target: Target, what: string): Diagnostic =>
  inC("btf/name-is-c-keyword", target, `${what} has a keyword of C as its name`);

/** Rust's names of scalars, and C's (clang's manual, rustc's reference: the sizes are in the names). */
const SCALARS = [
  ["u8", 1, "unsigned char"],
  ["i8", 1, "signed char"],
  ["u16", 2, "unsigned short"],
  ["i16", 2, "short"],
  ["u32", 4, "unsigned int"],
  ["i32", 4, "int"],
  ["u64", 8, "unsigned long long"],
  ["i64", 8, "long long"],
  ["u128", 16, "unsigned __int128"],
  ["i128", 16, "__int128"],
  ["bool", 1, "_Bool"],
] as const;

const keywords = (g: Graph): unknown => {
  const word = g.int("unsigned int", 4);
  return [
    g.struct("short", 4, [
      ["ok", word, 0],
      ["int", word, 0],
    ]),
    g.union("u", 4, [["default", word, 0]]),
    g.enum("e", [["auto", 0]]),
    g.enum64("w", [["goto", 0n]]),
    g.proto(0, [
      ["a", word],
      ["register", word],
    ]),
    g.func("signed", 6, 0),
    g.ref("typedef", word, "inline"),
    g.fwd("union"),
    g.ptr(word),
    g.variable("for", word, 0),
    g.variable("while", word, 1),
  ];
};

const IN_C: readonly Row[] = [
  { about: "char of one byte", make: (g) => [g.int("char", 1), g.int("chars", 4), u32(g)], finds: [] },
  { about: "char of four bytes", make: (g) => [u32(g), g.int("char", 4)], finds: [char(2, 4)] },
  {
    about: "char of four bytes for C",
    make: (g) => g.int("char", 4),
    choices: { cTypes: true },
    finds: [scalar(1, "INT char", "unsigned int"), char(1, 4)],
  },
  {
    about: "scalars of Rust are nothing to tell",
    make: (g) => [...SCALARS.map(([name, size]) => g.int(name, size)), g.float("f64", 8)],
    finds: [],
  },
  {
    about: "scalars of Rust for C",
    choices: { cTypes: true },
    make: (g) => [...SCALARS.map(([name, size]) => g.int(name, size)), g.float("f32", 4), g.float("f64", 8)],
    finds: [
      ...SCALARS.map(([name, , inC], index) => scalar(index + 1, `INT ${name}`, inC)),
      scalar(SCALARS.length + 1, "FLOAT f32", "float"),
      scalar(SCALARS.length + 2, "FLOAT f64", "double"),
    ],
  },
  {
    about: "scalars of another size, and C's own",
    choices: { cTypes: true },
    make: (g) => [g.int("u8", 2), g.int("int", 4), g.float("f32", 8), g.struct("u32", 4, [])],
    finds: [],
  },
  { about: "keywords as names are nothing to tell", make: keywords, finds: [] },
  {
    about: "keywords as names for C",
    make: keywords,
    choices: { cTypes: true },
    finds: [
      keyword({ typeId: 2 }, "STRUCT short [2]"),
      keyword({ typeId: 2, member: 1 }, "int in STRUCT short [2]"),
      keyword({ typeId: 3, member: 0 }, "default in UNION u [3]"),
      keyword({ typeId: 4, member: 0 }, "auto in ENUM e [4]"),
      keyword({ typeId: 5, member: 0 }, "goto in ENUM64 w [5]"),
      keyword({ typeId: 6, member: 1 }, "register in FUNC_PROTO [6]"),
      keyword({ typeId: 7 }, "FUNC signed [7]"),
      keyword({ typeId: 8 }, "TYPEDEF inline [8]"),
      keyword({ typeId: 9 }, "FWD union [9]"),
      keyword({ typeId: 11 }, "VAR for [11]"),
    ],
  },
];

/** `Option<&T>` as LLVM writes it: an anonymous union of a tag on the pointer, an empty variant and one with the pointer. */
function option(g: Graph, name: string, tagBytes = 8): number {
  const pointer = g.ptr(u32(g));
  const union = g.union("", 8, [
    ["", g.int("u64", tagBytes), 0],
    ["None", g.struct("None", 8, []), 0],
    ["Some", g.struct("Some", 8, [["__0", pointer, 0]]), 0],
  ]);
  return g.struct(name, 8, [["", union, 0]]);
}
const OPTION: Diagnostic = {
  rule: "btf/option-is-pointer",
  severity: "note",
  message: "STRUCT Option<&u32> [7] is a pointer, and is written as an enum with payload",
  target: { typeId: 7 },
  answers: [
    { judge: "libbpf", answer: "misreads", how: "as a member of .struct_ops it may hold no function" },
    { judge: "bpftool", answer: "misreads", how: "C programs see a struct" },
  ],
};

const OPTIONS: readonly Row[] = [
  ...(["tagged", "opaque"] as const).map(
    (enums): Row => ({
      about: `an Option of a pointer, ${enums}`,
      choices: { enums },
      make: (g) => option(g, "Option_3C__26_u32_3E_"),
      finds: [OPTION],
    }),
  ),
  {
    about: "an Option of a pointer where enums stay unions",
    choices: { enums: "union" },
    make: (g) => option(g, "Option_3C__26_u32_3E_"),
    finds: [],
  },
  { about: "an Option with a tag of its own", make: (g) => option(g, "Option_3C_u32_3E_", 4), finds: [] },
  { about: "an enum that is no Option", make: (g) => option(g, "Optional"), finds: [] },
];

tryRows([...IN_C, ...OPTIONS]);
