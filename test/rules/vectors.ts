import type { Graph } from "../graph.ts";

/** A row of the truth table: a graph that breaks one rule, its nearest neighbour that does not, and what must be said. */
export interface Vector {
  readonly rule: string;
  readonly about: string;
  readonly failing: (graph: Graph) => unknown;
  readonly passing: (graph: Graph) => unknown;
  readonly severity: "error" | "warning";
  /** Exact text of the finding. */
  readonly message: string;
  /** End of the kernel's refusal of the failing graph; undefined where the running kernel takes it. */
  readonly kernel?: string | undefined;
}

const NAME = "btf/name-not-identifier";
const NO_IDENTIFIER = "has a name that is no C identifier";

/** Rows of one rule whose graphs differ in one name. */
function named(about: string, bad: string, good: string, message: string, make: (graph: Graph, name: string) => void) {
  return {
    rule: NAME,
    about,
    failing: (graph: Graph) => make(graph, bad),
    passing: (graph: Graph) => make(graph, good),
    severity: "error",
    message,
    kernel: "Invalid name",
  } as const;
}

const NAMES: readonly Vector[] = [
  named("struct", "A<u32>", "A_3C_u32_3E_", `STRUCT A<u32> [1] ${NO_IDENTIFIER}`, (g, name) => g.struct(name, 4, [])),
  named("union", "(u8, u16)", "u", `UNION (u8, u16) [1] ${NO_IDENTIFIER}`, (g, name) => g.union(name, 4, [])),
  named("forward", "dyn k::Act", "Act", `FWD dyn k::Act [1] ${NO_IDENTIFIER}`, (g, name) => g.fwd(name)),
  named("enum", "Größe", "Groesse", `ENUM Größe [1] ${NO_IDENTIFIER}`, (g, name) => g.enum(name, [["A", 1]])),
  named("enum64", "a::B", "a_b", `ENUM64 a::B [1] ${NO_IDENTIFIER}`, (g, name) => g.enum64(name, [["A", 1n]])),
  named("enumerator", "1st", "_1st", `1st in ENUM e [1] ${NO_IDENTIFIER}`, (g, name) => g.enum("e", [[name, 1]])),
  named("64-bit enumerator", "é", "e", `é in ENUM64 w [1] ${NO_IDENTIFIER}`, (g, name) => g.enum64("w", [[name, 1n]])),
  named("typedef", "*const u8", "p", `TYPEDEF *const u8 [2] ${NO_IDENTIFIER}`, (g, name) =>
    g.ref("typedef", g.int("u8", 1), name),
  ),
  named("member", "größe", "size", `größe in STRUCT s [2] ${NO_IDENTIFIER}`, (g, name) =>
    g.struct("s", 4, [[name, g.int("u32", 4), 0]]),
  ),
  named("function", "f<3>", "f_3C_3_3E_", `FUNC f<3> [2] ${NO_IDENTIFIER}`, (g, name) => g.func(name, g.proto(0, []))),
  named("private static", "X$1", "X", `VAR X$1 [2] ${NO_IDENTIFIER}`, (g, name) => g.variable(name, g.int("u8", 1), 0)),
  {
    ...named("parameter", "a b", "a_b", `a b in FUNC_PROTO [2] ${NO_IDENTIFIER}`, (g, name) =>
      g.proto(0, [[name, g.int("u8", 1)]]),
    ),
    kernel: "Invalid arg#1",
  },
];

const long = (length: number): string => "n".repeat(length);

const LENGTHS: readonly Vector[] = [
  {
    rule: "btf/name-too-long",
    about: "129 bytes",
    failing: (g) => g.struct(long(129), 0, []),
    passing: (g) => g.struct(long(128), 0, []),
    severity: "warning",
    message: `STRUCT ${long(129)} [1] has a name of 129 bytes; kernels before 6.1 take 128`,
  },
  {
    rule: "btf/name-too-long",
    about: "512 bytes",
    failing: (g) => g.struct(long(512), 0, []),
    passing: (g) => g.struct(long(1), 0, []),
    severity: "warning",
    message: `STRUCT ${long(512)} [1] has a name of 512 bytes; kernels before 6.1 take 128`,
  },
  {
    rule: "btf/name-too-long",
    about: "513 bytes",
    failing: (g) => g.struct(long(513), 0, []),
    passing: (g) => g.struct(long(128), 0, []),
    severity: "error",
    message: `STRUCT ${long(513)} [1] has a name of 513 bytes; kernels before 6.1 take 128`,
    kernel: "Invalid name",
  },
  {
    rule: "btf/name-too-long",
    about: "a long name that is no identifier either",
    failing: (g) => g.struct(`<${long(200)}`, 0, []),
    passing: (g) => g.struct("s", 0, []),
    severity: "error",
    message: `STRUCT <${long(200)} [1] has a name of 201 bytes; kernels before 6.1 take 128`,
    kernel: "Invalid name",
  },
];

function nameless(kind: string, make: (graph: Graph, nameOff: number) => unknown): Vector {
  return {
    rule: "btf/name-on-nameless-kind",
    about: kind,
    failing: (g) => make(g, g.string("*u32")),
    passing: (g) => make(g, 0),
    severity: "error",
    message: `${kind} *u32 [2] has a name, which this kind must not have`,
    kernel: "Invalid name",
  };
}

const REFERENCES = ["ptr", "const", "volatile", "restrict"] as const;

const NAMELESS: readonly Vector[] = [
  ...REFERENCES.map((kind) =>
    nameless(kind.toUpperCase(), (g, nameOff) => g.add({ kind, nameOff, type: g.int("u32", 4) })),
  ),
  nameless("ARRAY", (g, nameOff) => {
    const type = g.int("u32", 4);
    return g.add({ kind: "array", nameOff, type, indexType: type, nelems: 2 });
  }),
  nameless("FUNC_PROTO", (g, nameOff) => {
    const returnType = g.int("u32", 4);
    return g.add({ kind: "funcProto", nameOff, returnType, params: [] });
  }),
];

/** Offset of the NUL that ends the string "x". */
const nul = (graph: Graph): number => graph.string("x") + 1;

const EMPTY: readonly Vector[] = [
  {
    rule: "btf/empty-name-not-zero",
    about: "struct",
    failing: (g) => g.add({ kind: "struct", nameOff: nul(g), size: 0, bitfields: false, members: [] }),
    passing: (g) => g.struct("", 0, []),
    severity: "error",
    message: "STRUCT [1] is anonymous by string offset 2 instead of 0",
    kernel: "Invalid name",
  },
  {
    rule: "btf/empty-name-not-zero",
    about: "member",
    failing: (g) => {
      const member = { nameOff: nul(g), type: g.int("u8", 1), bitOffset: 0, bitfieldSize: 0 };
      return g.add({ kind: "struct", nameOff: 0, size: 1, bitfields: false, members: [member] });
    },
    passing: (g) => g.struct("", 1, [["", g.int("u8", 1), 0]]),
    severity: "error",
    message: "member 1 of STRUCT [2] is anonymous by string offset 2 instead of 0",
    kernel: "Invalid name",
  },
  {
    rule: "btf/empty-name-not-zero",
    about: "parameter of a function pointer",
    failing: (g) => {
      const params = [{ nameOff: nul(g), type: g.int("u8", 1) }];
      return g.add({ kind: "funcProto", nameOff: 0, returnType: 0, params });
    },
    passing: (g) => g.proto(0, [["", g.int("u8", 1)]]),
    severity: "error",
    message: "parameter 1 of FUNC_PROTO [2] is anonymous by string offset 2 instead of 0",
    kernel: "Invalid arg#1",
  },
];

const LAYOUT: readonly Vector[] = [
  {
    rule: "btf/member-order",
    about: "descending offsets",
    failing: (g) => {
      const u32 = g.int("u32", 4);
      g.struct("Sample", 8, [
        ["tag", u32, 32],
        ["when", u32, 0],
      ]);
    },
    passing: (g) => {
      const u32 = g.int("u32", 4);
      g.struct("Sample", 8, [
        ["when", u32, 0],
        ["same", u32, 0],
        ["tag", u32, 32],
      ]);
    },
    severity: "error",
    message: "STRUCT Sample [2] lists its members out of the order of their offsets",
    kernel: "Invalid member bits_offset",
  },
  {
    rule: "btf/union-member-offset",
    about: "tag of a niche",
    failing: (g) => g.union("", 16, [["", g.int("u8", 1), 64]]),
    passing: (g) => g.union("", 16, [["", g.int("u8", 1), 0]]),
    severity: "error",
    message: "UNION [2] holds a member at bit 64: the tag of a niche enum",
    kernel: "Invalid member bits_offset",
  },
  {
    rule: "btf/float-misaligned",
    about: "f64 in a packed struct",
    failing: (g) => g.struct("Packed", 9, [["f", g.float("f64", 8), 8]]),
    passing: (g) => g.struct("Padded", 16, [["f", g.float("f64", 8), 64]]),
    severity: "error",
    message: "f in STRUCT Packed [2] is a float of 8 bytes at bit 8",
    kernel: "Member is not properly aligned",
  },
  {
    rule: "btf/float-misaligned",
    about: "16-byte float through a typedef, at 12 bytes",
    failing: (g) => g.struct("Packed", 28, [["f", g.ref("typedef", g.float("f128", 16), "F"), 96]]),
    passing: (g) => g.struct("Half", 24, [["f", g.ref("typedef", g.float("f128", 16), "F"), 64]]),
    severity: "error",
    message: "f in STRUCT Packed [3] is a float of 16 bytes at bit 96",
    kernel: "Member is not properly aligned",
  },
  {
    rule: "btf/zero-size-int",
    about: "element",
    failing: (g) => g.array(g.int("()", 0), g.int("u32", 4), 2),
    passing: (g) => g.array(g.struct("", 0, []), g.int("u32", 4), 2),
    severity: "error",
    message: "INT () [1] has the size 0 and is the element of an array",
    kernel: "Invalid array of int",
  },
  {
    rule: "btf/zero-size-int",
    about: "element through a typedef",
    failing: (g) => g.array(g.ref("typedef", g.int("()", 0), "unit"), g.int("u32", 4), 2),
    passing: (g) => g.array(g.ref("typedef", g.struct("", 0, []), "unit"), g.int("u32", 4), 2),
    severity: "error",
    message: "INT () [1] has the size 0 and is the element of an array",
    kernel: "Invalid array of int",
  },
  {
    rule: "btf/zero-size-int",
    about: "member",
    failing: (g) => g.struct("s", 0, [["none", g.int("()", 0), 0]]),
    passing: (g) => g.struct("s", 0, [["none", g.struct("", 0, []), 0]]),
    severity: "warning",
    message: "INT () [1] has the size 0",
  },
  {
    rule: "btf/enum-size",
    about: "behind a pointer",
    failing: (g) => g.ptr(g.enum("later", [], 0)),
    passing: (g) => g.ptr(g.enum("later", [], 4)),
    severity: "error",
    message: "ENUM later [1] has the size 0",
    kernel: "Unexpected size",
  },
  {
    rule: "btf/enum-size",
    about: "member through a typedef",
    failing: (g) => g.struct("s", 0, [["none", g.ref("typedef", g.enum("never", [], 0), "Never"), 0]]),
    passing: (g) => g.struct("s", 0, [["none", g.ref("typedef", g.struct("never", 0, []), "Never"), 0]]),
    severity: "error",
    message: "ENUM never [1] has the size 0",
    kernel: "Unexpected size",
  },
  {
    rule: "btf/enum-size",
    about: "128 bits",
    failing: (g) => g.struct("s", 16, [["wide", g.enum("Wide", [["A", 1]], 16), 0]]),
    passing: (g) => g.struct("s", 16, [["wide", g.ref("typedef", g.int("u128", 16), "Wide"), 0]]),
    severity: "error",
    message: "ENUM Wide [1] has 128 bits",
    kernel: "Unexpected size",
  },
  {
    rule: "func/returns-named-void",
    about: "typedef",
    failing: (g) => g.func("f", g.proto(g.ref("typedef", 0, "nothing"), [])),
    passing: (g) => [g.ref("typedef", 0, "nothing"), g.func("f", g.proto(0, []))],
    severity: "error",
    message: "FUNC_PROTO [2] returns TYPEDEF nothing [1], which is void",
    kernel: "Invalid return type",
  },
  {
    rule: "func/returns-named-void",
    about: "const, behind a pointer",
    failing: (g) => g.ptr(g.proto(g.ref("const", 0), [])),
    passing: (g) => [g.ref("const", 0), g.ptr(g.proto(0, []))],
    severity: "error",
    message: "FUNC_PROTO [2] returns CONST [1], which is void",
    kernel: "Invalid return type",
  },
];

/** What kernels from 6.1 on take: escaped or told all the same, but nothing that makes the BTF unusable. */
const OLD_KERNELS: readonly Vector[] = [
  {
    ...named("dots", "a.b", "a_b", `STRUCT a.b [1] ${NO_IDENTIFIER}`, (g, name) => g.struct(name, 0, [])),
    severity: "warning",
    kernel: undefined,
  },
  {
    rule: NAME,
    about: "a letter of Latin-1",
    failing: (g) => g.add({ kind: "fwd", nameOff: g.string(Uint8Array.of(0xe9)), union: false }),
    passing: (g) => g.fwd("e"),
    severity: "warning",
    message: `FWD \ufffd [1] ${NO_IDENTIFIER}`,
  },
  {
    rule: NAME,
    about: "a sign of Latin-1 that is no letter",
    failing: (g) => g.add({ kind: "fwd", nameOff: g.string(Uint8Array.of(0xd7)), union: false }),
    passing: (g) => g.fwd("e"),
    severity: "error",
    message: `FWD \ufffd [1] ${NO_IDENTIFIER}`,
    kernel: "Invalid name",
  },
  {
    rule: "btf/variable-name",
    about: "a mangled path of 200 bytes",
    failing: (g) => g.variable(long(200), g.int("u8", 1)),
    passing: (g) => g.variable(long(128), g.int("u8", 1)),
    severity: "warning",
    message: `VAR ${long(200)} [2] is named after a symbol that has 200 bytes`,
  },
  {
    rule: "btf/variable-name",
    about: "513 bytes",
    failing: (g) => g.variable(long(513), g.int("u8", 1)),
    passing: (g) => g.variable(long(128), g.int("u8", 1)),
    severity: "error",
    message: `VAR ${long(513)} [2] is named after a symbol that has 513 bytes`,
    kernel: "Invalid name",
  },
];

const FUNCTIONS: readonly Vector[] = [
  {
    rule: "func/param-unnamed",
    about: "second of two",
    failing: (g) => {
      const u32 = g.int("u32", 4);
      g.func(
        "score",
        g.proto(u32, [
          ["a", u32],
          ["", u32],
        ]),
      );
    },
    passing: (g) => {
      const u32 = g.int("u32", 4);
      g.proto(u32, [["", u32]]);
      g.func(
        "printf",
        g.proto(u32, [
          ["a", u32],
          ["", 0],
        ]),
      );
    },
    severity: "error",
    message: "parameter 2 of FUNC score [3] has no name",
    kernel: "Invalid arg#2",
  },
  {
    rule: "func/without-prototype",
    about: "an INT",
    failing: (g) => g.func("f", g.int("u32", 4)),
    passing: (g) => g.func("f", g.proto(0, [])),
    severity: "error",
    message: "FUNC f [2] has no prototype",
    kernel: "Invalid type_id",
  },
  {
    rule: "btf/variable-name",
    about: "a dash",
    failing: (g) => g.variable("my-map", g.int("u32", 4)),
    passing: (g) => g.variable("my.map", g.int("u32", 4)),
    severity: "error",
    message: "VAR my-map [2] is named after a symbol that is no identifier",
    kernel: "Invalid name",
  },
];

const DATASECS: readonly Vector[] = [
  {
    rule: "datasec/zero-size-entry",
    about: "a zero-sized static",
    failing: (g) => g.datasec(".data", 4, [[g.variable("UNIT", g.struct("", 0, [])), 0, 0]]),
    passing: (g) => g.datasec(".data", 4, [[g.variable("UNIT", g.struct("", 0, [])), 0, 1]]),
    severity: "error",
    message: "VAR UNIT [2] in .data has no size (0 bytes)",
    kernel: "Invalid size",
  },
  {
    rule: "datasec/shrunk-entry",
    about: "one byte of four",
    failing: (g) => g.datasec(".data", 4, [[g.variable("LOCAL.0", g.int("u32", 4), 0), 0, 1]]),
    passing: (g) => g.datasec(".data", 4, [[g.variable("LOCAL.0", g.int("u32", 4), 0), 0, 4]]),
    severity: "error",
    message: "VAR LOCAL.0 [2] in .data is smaller than its type (1 bytes)",
    kernel: "Invalid size",
  },
];

/** Every rule that BTF alone can break. */
export const VECTORS: readonly Vector[] = [
  ...NAMES,
  ...LENGTHS,
  ...NAMELESS,
  ...EMPTY,
  ...LAYOUT,
  ...OLD_KERNELS,
  ...FUNCTIONS,
  ...DATASECS,
];
