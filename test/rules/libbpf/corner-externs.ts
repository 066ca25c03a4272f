import type { BtfMember } from "../../../src/btf/model.ts";
import { config, extern } from "./code-cases.ts";
import type { Changes, Types } from "./draft.ts";

/** Edges of externs: how they are laid out, and what stops them. */

const [STATIC, GLOBAL, EXTERN] = [0, 1, 2];
const BOOL = 4;
const VOID = 0;

/** Types of one byte to sixteen, with their own alignments. */
const MEMBERS: readonly ((types: Types) => number)[] = [
  ({ u32 }) => u32,
  ({ pointer }) => pointer,
  ({ graph }) => graph.int("byte", 1),
  ({ graph }) => graph.int("wide", 16),
  ({ graph }) => graph.float("double", 8),
  ({ graph }) => graph.enum("E", [["ONE", 1]]),
  ({ graph }) => graph.enum("Small", [["TWO", 1]], 2),
  ({ graph }) => graph.enum64("W", [["THREE", 1n]]),
  ({ graph }) => graph.ref("typedef", graph.int("wide", 8), "T"),
  ({ graph, u32 }) => graph.ref("const", u32),
  ({ graph, u32 }) => graph.ref("volatile", u32),
  ({ graph, pointer }) => graph.ref("restrict", pointer),
  ({ graph, u32 }) => graph.add({ kind: "typeTag", nameOff: graph.string("tag"), type: u32, attribute: false }),
  ({ graph, u32 }) => graph.array(graph.int("half", 2), u32, 2),
  ({ graph, u32 }) => graph.struct("In", 8, [["a", u32, 0]]),
  // Packed: a size that is no multiple, and a member that is not where it belongs.
  ({ graph, u32 }) => graph.struct("Short", 6, [["a", u32, 0]]),
  ({ graph, u32 }) => graph.struct("Odd", 8, [["a", u32, 8]]),
  ({ graph, u32 }) =>
    graph.union("Un", 8, [
      ["a", u32, 0],
      ["b", graph.int("byte", 1), 0],
    ]),
  ({ graph }) => graph.struct("Empty", 4, []),
  ({ graph }) => graph.fwd("F"),
  ({ graph, u32 }) => graph.proto(u32, []),
  ({ graph, u32 }) => graph.func("f", graph.proto(u32, [])),
  () => VOID,
];

/**
 * A struct of `.kconfig` with such a member at this bit and a void one behind it, of which libbpf says that it has no alignment, unless the
 * first one stands where it does not belong, or has none itself.
 */
const followedByVoid = (member: (types: Types) => number, bitOffset: number): Changes =>
  config((types) =>
    types.graph.struct("Outer", 64, [
      ["first", member(types), bitOffset],
      ["then", VOID, 256],
    ]),
  );

const bitfields = (size: number, members: readonly Omit<BtfMember, "nameOff">[], last: number): Changes =>
  config(({ graph }) =>
    graph.add({
      kind: "struct",
      nameOff: graph.string("Bits"),
      size,
      bitfields: true,
      members: [...members, { type: last, bitOffset: 128, bitfieldSize: 0 }].map((one) => ({ ...one, nameOff: 0 })),
    }),
  );

const ALIGNED: readonly Changes[] = [
  ...MEMBERS.flatMap((member) => [0, 8, 16, 32, 64, 128].map((bit) => followedByVoid(member, bit))),
  bitfields(32, [{ type: 1, bitOffset: 3, bitfieldSize: 5 }], VOID),
  bitfields(32, [{ type: 1, bitOffset: 3, bitfieldSize: 0 }], VOID),
  bitfields(32, [{ type: 1, bitOffset: 32, bitfieldSize: 1 }], VOID),
  // Itself behind a pointer is no end without one.
  config(({ graph }) => graph.struct("Self", 8, [["next", graph.ptr(graph.builder.nextId + 1), 0]])),
  config(({ graph, u32 }) => {
    const nested = graph.struct("N", 8, [
      ["a", u32, 0],
      ["b", graph.int("byte", 1), 32],
    ]);
    return graph.struct("O", 24, [
      ["a", graph.int("byte", 1), 0],
      ["n", nested, 32],
      ["v", VOID, 128],
    ]);
  }),
];

/** What `.kconfig` takes and does not. */
const TYPES: readonly Changes[] = (
  [
    ...[1, 2, 3, 4, 8, 16].flatMap((size) => [0, 1, 2, BOOL].map((encoding) => ["int", size, encoding] as const)),
  ] as const
)
  .flatMap(([, size, encoding]) => [
    config(({ graph }) => graph.int("i", size, encoding)),
    config(({ graph, u32 }) => graph.array(graph.int("i", size, encoding), u32, 3)),
  ])
  .concat(
    ["libbpf_tristate", "libbpf_tristates", ""].flatMap((name) => [
      ...[1, 2, 4, 8].map((size) => config(({ graph }) => graph.enum(name, [["TRI_NO", 0]], size))),
      config(({ graph }) => graph.enum64(name, [["TRI_NO", 0n]])),
      config(({ graph, u32 }) => graph.array(graph.enum(name, [["TRI_NO", 0]]), u32, 2)),
      config(({ graph, u32 }) => graph.array(graph.enum64(name, [["TRI_NO", 0n]]), u32, 2)),
    ]),
    [
      config(({ graph, u32 }) => graph.array(graph.int("c", 1), u32, 0)),
      config(({ graph, u32 }) => graph.array(graph.array(graph.int("c", 1), u32, 2), u32, 2)),
      config(({ graph, u32 }) => graph.ref("const", graph.array(graph.ref("const", graph.int("c", 1)), u32, 9))),
      config(({ pointer }) => pointer),
      config(({ graph, u32 }) => graph.func("f", graph.proto(u32, []))),
      config(({ graph, u32 }) => graph.array(u32, u32, 0x4000_0000)),
    ],
  );

/** Variables of `.kconfig` of these types, declared in this order. */
const laidOut = (...variables: readonly (readonly [string, (types: Types) => number])[]): Changes =>
  extern((types) => {
    const list = variables.map(([name, type]) => [types.graph.variable(name, type(types), EXTERN), 0, 4] as const);
    types.graph.datasec(".kconfig", 0, list);
  }, variables.map(([name]) => name).reverse());

const sized =
  (size: number) =>
  ({ graph }: Types): number =>
    graph.int(`int${size}`, size);
const text =
  (length: number) =>
  ({ graph, u32 }: Types): number =>
    graph.array(graph.int("char", 1), u32, length);

const LAID_OUT: readonly Changes[] = [
  laidOut(["b", sized(1)], ["a", sized(8)], ["d", sized(2)], ["c", sized(4)]),
  laidOut(["bb", sized(4)], ["b", sized(4)], ["a", sized(4)], ["B", sized(4)], ["_", sized(4)]),
  laidOut(["long", text(9)], ["short", text(3)], ["one", sized(1)], ["two", sized(2)], ["eight", sized(8)]),
  laidOut(["x", text(5)], ["y", text(5)], ["z", sized(2)]),
];

/** `.ksyms` of these, each with a symbol. */
type Entry = readonly [name: string, id: (types: Types) => number];
const symbols = (entries: readonly Entry[], more: (types: Types) => void = () => undefined): Changes =>
  extern(
    (types) => {
      const list = entries.map(([, id]) => [id(types), 0, 0] as const);
      types.graph.datasec(".ksyms", 0, list);
      more(types);
    },
    entries.map(([name]) => name).filter((name) => name !== ""),
  );

const variable = (name: string, linkage = EXTERN): Entry => [
  name,
  ({ graph, u32 }) => graph.variable(name, u32, linkage),
];
const func = (name: string, linkage = EXTERN): Entry => [
  name,
  ({ graph, u32, pointer }) =>
    graph.func(
      name,
      graph.proto(u32, [
        ["", u32],
        ["named", pointer],
        ["", pointer],
        ["", VOID],
      ]),
      linkage,
    ),
];
const id = (number: number): Entry => ["", () => number];

const SYMBOLS: readonly Changes[] = [
  symbols([variable("x"), variable("y")]),
  symbols([func("f"), variable("x"), func("g")]),
  symbols([variable("x"), func("f")]),
  symbols([func("f"), id(0)]),
  symbols([id(0), func("f")]),
  symbols([func("f"), id(999)]),
  symbols([id(999), func("f")]),
  symbols([variable("x"), id(999), func("f"), id(998)]),
  symbols([func("f"), func("unused")].map(([name, make], index): Entry => [index === 0 ? name : "", make])),
  symbols([["", func("unused")[1]], variable("x")]),
  symbols([variable("x", GLOBAL)]),
  symbols([func("f", STATIC)]),
  symbols([func("f", GLOBAL)]),
  symbols([variable("x")], ({ graph, u32 }) => {
    graph.datasec(".ksyms", 0, [[graph.func("later", graph.proto(u32, []), EXTERN), 0, 0]]);
  }),
  symbols([variable("x")], ({ graph }) => {
    graph.datasec(".kconfig", 0, [[graph.variable("other", graph.int("i", 4), EXTERN), 0, 4]]);
  }),
  // The first of a name counts, and the first section that lists it.
  symbols([variable("x")], ({ graph, u32 }) => void graph.variable("x", u32, STATIC)),
  symbols([variable("x")], ({ graph }) => {
    const twice = graph.builder.nextId - 2;
    graph.datasec(".mine", 0, [[twice, 0, 0]]);
  }),
  symbols([["x", ({ graph }) => graph.variable("x", graph.ref("const", graph.fwd("F")), EXTERN)]]),
  // Numbers of another width than 32 bits.
  {
    ...symbols([func("f"), variable("x")]),
    blob: (bytes, view) => {
      view.setUint32(24 + 12, 31, true);
      return bytes;
    },
  },
  extern(({ graph, u32 }) => void graph.struct("x", 4, [["a", u32, 0]])),
  { symbols: [{ name: "x", binding: 2 }] },
  { symbols: [{ name: "x", type: 1 }] },
  { symbols: [{ name: "x", binding: 0 }] },
];

export const EXTERN_CORNERS: readonly Changes[] = [...ALIGNED, ...TYPES, ...LAID_OUT, ...SYMBOLS];
