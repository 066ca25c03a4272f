import { expect } from "vitest";
import { encodeBtf } from "../../../src/btf/encode.ts";
import type { Diagnostic, Target } from "../../../src/rules/rule.ts";
import type { Graph } from "../../graph.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { drops, type Row, tryRows, u32 } from "./rows.ts";
import { blobState, btfOf, found } from "./state.ts";

const NAME = "btf/name-not-identifier";
const LONG = "btf/name-too-long";
const noIdentifier = (typeId: number, what: string, member?: number): Diagnostic =>
  drops(
    NAME,
    member === undefined ? { typeId } : { typeId, member },
    `${what} has a name that is no C identifier`,
    "Invalid name",
  );
/** The offset of an empty name that is not 0. */
const empty = (g: Graph): number => g.string("x") + 1;
const member = (nameOff: number, type: number, bitOffset = 0) => ({ nameOff, type, bitOffset, bitfieldSize: 0 });
const composite = (
  g: Graph,
  kind: "struct" | "union",
  nameOff: number,
  members: readonly ReturnType<typeof member>[],
) => g.add({ kind, nameOff, size: 8, bitfields: false, members });

const NAMES: readonly Row[] = [
  {
    about: "names without fault",
    make: (g) => [
      g.struct("S", 4, [["a", u32(g), 0]]),
      g.fwd("_f1"),
      g.enum("e", [["A", 0]]),
      g.enum64("w", [["B", 1n]]),
      g.func(
        "f",
        g.proto(0, [
          ["a", 1],
          ["", 0],
        ]),
        0,
      ),
      g.ref("typedef", 1, "t"),
      // A VAR may be called after a part of another symbol, whatever its linkage.
      g.variable("a.b.0", 1, 0),
      g.variable("main", 1, 1),
    ],
    finds: [],
  },
  { about: "a struct, in the words of the source", make: (g) => g.struct("Map_3C_u8_3E__", 4, []), finds: [] },
  { about: "a struct with a path", make: (g) => g.struct("a::B", 4, []), finds: [noIdentifier(1, "STRUCT a::B [1]")] },
  { about: "a union", make: (g) => g.union("a b", 4, []), finds: [noIdentifier(1, "UNION a b [1]")] },
  { about: "a forward", make: (g) => g.fwd("a-b"), finds: [noIdentifier(1, "FWD a-b [1]")] },
  { about: "an enum", make: (g) => g.enum("a<b>", []), finds: [noIdentifier(1, "ENUM a<b> [1]")] },
  { about: "a wide enum", make: (g) => g.enum64("a<b>", []), finds: [noIdentifier(1, "ENUM64 a<b> [1]")] },
  { about: "a typedef", make: (g) => g.ref("typedef", u32(g), "&u8"), finds: [noIdentifier(2, "TYPEDEF &u8 [2]")] },
  { about: "a function", make: (g) => g.func("f<T>", g.proto(0, [])), finds: [noIdentifier(2, "FUNC f<T> [2]")] },
  { about: "a static variable", make: (g) => g.variable("S#0", u32(g), 0), finds: [noIdentifier(2, "VAR S#0 [2]")] },
  {
    about: "the second member",
    make: (g) =>
      g.struct("s", 8, [
        ["ok", u32(g), 0],
        ["no!", 1, 32],
      ]),
    finds: [noIdentifier(2, "no! in STRUCT s [2]", 1)],
  },
  {
    about: "the second member of a union",
    make: (g) =>
      g.union("s", 8, [
        ["ok", u32(g), 0],
        ["no!", 1, 0],
      ]),
    finds: [noIdentifier(2, "no! in UNION s [2]", 1)],
  },
  {
    about: "the second enumerator",
    make: (g) =>
      g.enum("s", [
        ["ok", 0],
        ["no!", 1],
      ]),
    finds: [noIdentifier(1, "no! in ENUM s [1]", 1)],
  },
  {
    about: "the second wide enumerator",
    make: (g) =>
      g.enum64("s", [
        ["ok", 0n],
        ["no!", 1n],
      ]),
    finds: [noIdentifier(1, "no! in ENUM64 s [1]", 1)],
  },
  {
    about: "the third parameter",
    make: (g) =>
      g.proto(0, [
        ["a", u32(g)],
        ["b", 1],
        ["c d", 1],
      ]),
    finds: [
      drops(
        NAME,
        { typeId: 2, member: 2 },
        "c d in FUNC_PROTO [2] has a name that is no C identifier",
        "Invalid arg#3",
      ),
    ],
  },
  {
    about: "an escaped one is told as the source has it",
    make: (g) =>
      g.struct("a b", 4, [
        ["x_3C_y_3E_", u32(g), 0],
        ["-", 1, 0],
      ]),
    finds: [noIdentifier(2, "STRUCT a b [2]"), noIdentifier(2, "- in STRUCT a b [2]", 1)],
  },
  { about: "128 bytes", make: (g) => g.struct("n".repeat(128), 4, []), finds: [] },
  ...[129, 512].map(
    (length): Row => ({
      about: `${length} bytes`,
      make: (g) => g.fwd("n".repeat(length)),
      finds: [
        drops(
          LONG,
          { typeId: 1 },
          `FWD ${"n".repeat(length)} [1] has a name of ${length} bytes; kernels before 6.1 take 128`,
          "Invalid name",
          "warning",
        ),
      ],
    }),
  ),
  {
    about: "513 bytes, of a parameter",
    make: (g) => g.proto(0, [["p".repeat(513), u32(g)]]),
    finds: [
      drops(
        LONG,
        { typeId: 2, member: 0 },
        `${"p".repeat(513)} in FUNC_PROTO [2] has a name of 513 bytes; kernels before 6.1 take 128`,
        "Invalid arg#1",
      ),
    ],
  },
  {
    about: "a static variable of 129 bytes with a dot",
    make: (g) => g.variable(`${"v".repeat(127)}.1`, u32(g), 0),
    finds: [
      drops(
        LONG,
        { typeId: 2 },
        `VAR ${"v".repeat(127)}.1 [2] has a name of 129 bytes; kernels before 6.1 take 128`,
        "Invalid name",
        "warning",
      ),
    ],
  },
];

const named = (typeId: number, what: string): Diagnostic => {
  const { answers, ...rest } = drops(
    "btf/name-on-nameless-kind",
    { typeId },
    `${what} has a name, which this kind must not have`,
    "Invalid name",
  );
  return { ...rest, answers: [...answers, { judge: "aya", answer: "repairs" }] };
};
const misplaced = (target: Target, what: string, text = "Invalid name"): Diagnostic =>
  drops("btf/empty-name-not-zero", target, `${what} is anonymous by string offset 2 instead of 0`, text);

const NO_NAMES: readonly Row[] = [
  ...(["ptr", "const", "volatile", "restrict"] as const).map(
    (kind): Row => ({
      about: `${kind} with a name`,
      make: (g) => g.add({ kind, nameOff: g.string("n"), type: u32(g) }),
      finds: [named(2, `${kind.toUpperCase()} n [2]`)],
    }),
  ),
  {
    about: "array with a name",
    make: (g) => g.add({ kind: "array", nameOff: g.string("n"), type: u32(g), indexType: 1, nelems: 1 }),
    finds: [named(2, "ARRAY n [2]")],
  },
  {
    about: "prototype with a name",
    make: (g) => g.add({ kind: "funcProto", nameOff: g.string("n"), returnType: 0, params: [] }),
    finds: [named(1, "FUNC_PROTO n [1]")],
  },
  {
    about: "nothing is named that must not be",
    make: (g) => [g.ptr(u32(g)), g.ref("const", 1), g.array(1, 1, 2), g.proto(0, [])],
    finds: [],
  },
  ...(["struct", "union"] as const).flatMap((kind): Row[] => [
    {
      about: `a ${kind} by another empty name`,
      make: (g) => composite(g, kind, empty(g), []),
      finds: [misplaced({ typeId: 1 }, `${kind.toUpperCase()} [1]`)],
    },
    {
      about: `the second member of a ${kind} by another empty name`,
      make: (g, at = empty(g)) => composite(g, kind, 0, [member(0, u32(g)), member(at, 1)]),
      finds: [misplaced({ typeId: 2, member: 1 }, `member 2 of ${kind.toUpperCase()} [2]`)],
    },
  ]),
  {
    about: "an enum by another empty name",
    make: (g) => g.add({ kind: "enum", nameOff: empty(g), size: 4, signed: false, values: [] }),
    finds: [misplaced({ typeId: 1 }, "ENUM [1]")],
  },
  {
    about: "a wide enum by another empty name",
    make: (g) => g.add({ kind: "enum64", nameOff: empty(g), size: 8, signed: false, values: [] }),
    finds: [misplaced({ typeId: 1 }, "ENUM64 [1]")],
  },
  {
    about: "the second parameter by another empty name",
    make: (g, at = empty(g)) =>
      g.add({
        kind: "funcProto",
        nameOff: 0,
        returnType: 0,
        params: [
          { nameOff: 0, type: u32(g) },
          { nameOff: at, type: 1 },
        ],
      }),
    finds: [misplaced({ typeId: 2, member: 1 }, "parameter 2 of FUNC_PROTO [2]", "Invalid arg#2")],
  },
  {
    about: "anonymous by offset 0",
    make: (g) => [g.struct("", 4, [["", u32(g), 0]]), g.union("", 0, []), g.enum("", []), g.proto(0, [["", 1]])],
    finds: [],
  },
];

tryRows([...NAMES, ...NO_NAMES]);

/** Every byte at the beginning of a name, after it, and beside a dot, which new kernels take; every length about the kernel's limits. */
const SPELLINGS: readonly Uint8Array[] = [
  ...Array.from({ length: 255 }, (_, byte) => Uint8Array.of(byte + 1)),
  ...Array.from({ length: 255 }, (_, byte) => Uint8Array.of(0x61, byte + 1)),
  ...Array.from({ length: 255 }, (_, byte) => Uint8Array.of(0x2e, byte + 1, 0x61)),
  ...[127, 128, 129, 511, 512, 513].map((length) => new Uint8Array(length).fill(0x5a)),
  new Uint8Array(513).fill(0x2e),
];

judgeTest(kernel())(
  "names that no C compiler takes are errors where the running kernel refuses them, else warnings",
  () => {
    const blobs = SPELLINGS.map((name) => btfOf((g) => g.add({ kind: "fwd", nameOff: g.string(name), union: false })));
    const verdicts = answer(kernelBtfLoad(blobs.map(encodeBtf)));
    const told = blobs.map((btf) => found(blobState(btf)).map(({ rule, severity }) => [rule, severity]));
    const wanted = SPELLINGS.map((name, index) => {
      const isWord = /^[A-Za-z_][A-Za-z0-9_]*$/.test(Buffer.from(name).toString("latin1"));
      if (isWord && name.length <= 128) return [];
      return [[name.length > 128 ? LONG : NAME, verdicts[index]?.errno === 0 ? "warning" : "error"]];
    });
    expect(told).toEqual(wanted);
  },
);
