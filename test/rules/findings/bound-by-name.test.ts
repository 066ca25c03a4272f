import { describe } from "vitest";
import type { Diagnostic } from "../../../src/rules/rule.ts";
import { Graph, type MemberDraft } from "../../graph.ts";
import { bound, type Make } from "./bound.ts";
import { u32 } from "./rows.ts";
import { type TwinRow, tryTwins } from "./twins.ts";

/** Pointees that LLVM prunes, and binds afterwards to another type of the same name. */

const RULE = /^btf\/bound-by-name$/;

/** A record called Node: size and members. */
const node =
  (
    size: number,
    members: readonly (readonly [name: string, bit: number])[],
    name = "Node",
    kind: "struct" | "union" = "struct",
  ): Make =>
  (g: Graph) =>
    g.struct(
      name,
      size,
      members.map(([member, bit]) => [member, u32(g), bit] as const),
      kind,
    );
const small = node(8, [
  ["v", 0],
  ["w", 32],
]);
const TO = { to: "STRUCT Node" };
const chain =
  (kinds: readonly ("ptr" | "const" | "volatile" | "restrict" | "typedef")[]) =>
  (g: Graph, target: number): number =>
    kinds.reduceRight((to, kind) => g.ref(kind, to, kind === "typedef" ? "alias" : ""), target);

/** `enum Node` with these variants of these fields: one anonymous union. */
const payload =
  (
    variants: Readonly<Record<string, readonly (readonly [string, number])[]>>,
    tag = "",
    inner: "struct" | "union" = "struct",
  ): Make =>
  (g: Graph) => {
    const number = u32(g);
    const members = Object.entries(variants).map(([name, fields]): MemberDraft => {
      const part = g.struct(
        name,
        16,
        fields.map(([field, bit]) => [field, number, bit] as const),
        inner,
      );
      return [name, part, 0];
    });
    return g.struct("Node", 16, [["", g.union("", 16, [[tag, number, 0], ...members]), 0]]);
  };
/** `enum Node` whose tag does not lie at its beginning. */
const shifted =
  (tag: string): Make =>
  (g) => {
    const number = u32(g);
    const [wrapper, variant] = [g.struct("", 16, [[tag, number, 32]]), g.struct("A", 16, [["x", number, 64]])];
    return g.struct("Node", 16, [
      [
        "",
        g.union("", 16, [
          ["", wrapper, 0],
          ["A", variant, 0],
        ]),
        0,
      ],
    ]);
  };
const AB = {
  A: [["x", 32]],
  B: [
    ["y", 32],
    ["z", 64],
  ],
} as const;

describe("pointers that lead to another type of the same name", () => {
  tryTwins(
    [
      { about: "the same", own: small, lowered: small },
      {
        about: "another size",
        own: small,
        lowered: node(16, [
          ["v", 0],
          ["w", 32],
        ]),
        leads: TO,
      },
      { about: "a member less", own: small, lowered: node(8, [["v", 0]]), leads: TO },
      {
        about: "a member more",
        own: small,
        lowered: node(8, [
          ["v", 0],
          ["w", 32],
          ["x", 32],
        ]),
        leads: TO,
      },
      {
        about: "a member of another name",
        own: small,
        lowered: node(8, [
          ["v", 0],
          ["x", 32],
        ]),
        leads: TO,
      },
      {
        about: "a member at another place",
        own: small,
        lowered: node(8, [
          ["v", 0],
          ["w", 48],
        ]),
        leads: TO,
      },
      {
        about: "a first member of another name",
        own: small,
        lowered: node(8, [
          ["x", 0],
          ["w", 32],
        ]),
        leads: TO,
      },
      {
        about: "one member twice",
        own: node(8, [
          ["v", 0],
          ["v", 0],
        ]),
        lowered: small,
        leads: TO,
      },
      {
        about: "one member twice in the source",
        own: small,
        lowered: node(8, [
          ["v", 0],
          ["v", 0],
        ]),
        leads: TO,
      },
      {
        about: "members in another order",
        own: small,
        lowered: node(8, [
          ["w", 32],
          ["v", 0],
        ]),
      },
      {
        about: "a union for a struct",
        own: small,
        lowered: node(
          8,
          [
            ["v", 0],
            ["w", 32],
          ],
          "Node",
          "union",
        ),
        leads: TO,
      },
      {
        about: "unions of another size",
        own: node(8, [["v", 0]], "Node", "union"),
        lowered: node(4, [["v", 0]], "Node", "union"),
        leads: { to: "UNION Node" },
      },
      {
        about: "an escaped name",
        own: node(8, [], "Node_3C_u8_3E_"),
        lowered: node(4, [], "Node<u8>"),
        leads: { to: "STRUCT Node<u8>" },
      },
      { about: "escaped members", own: node(8, [["gr_C3__B6__C3__9F_e", 0]]), lowered: node(8, [["größe", 0]]) },
      { about: "another name", own: small, lowered: node(16, [], "Other") },
      { about: "no name", own: node(8, [], ""), lowered: node(4, [], "") },
      { about: "nothing in the source", own: small, lowered: () => 0 },
      { about: "variants without fields", own: payload({ A: [], B: [] }), lowered: payload({ A: [], B: [] }) },
      {
        about: "a variant of another name without fields",
        own: payload({ A: [], B: [] }),
        lowered: payload({ A: [], C: [] }),
        leads: TO,
      },
      { about: "a tag in a record that was given a name", own: shifted("tag"), lowered: shifted("") },
      { about: "a declaration", own: (g: Graph) => g.fwd("Node"), lowered: small },
      { about: "a declaration in the source", own: small, lowered: (g: Graph) => g.fwd("Node") },
      { about: "numbers of one name", own: (g: Graph) => g.int("Node", 8), lowered: (g: Graph) => g.int("Node", 4) },
      {
        about: "an enum whose variants are to come",
        own: (g: Graph) => g.struct("Node", 8, [["", 0, 0]]),
        lowered: (g: Graph) => g.struct("Node", 8, [["", u32(g), 32]]),
      },
      {
        about: "an enum whose variants are to come, of another size",
        own: (g: Graph) => g.struct("Node", 4, [["", 0, 0]]),
        lowered: (g: Graph) => g.struct("Node", 8, [["", u32(g), 0]]),
        leads: TO,
      },
      {
        about: "a member with a name and no type",
        own: (g: Graph) => g.struct("Node", 8, [["a", 0, 0]]),
        lowered: (g: Graph) => g.struct("Node", 8, [["a", u32(g), 32]]),
        leads: TO,
      },
      { about: "enums of the same variants", own: payload(AB), lowered: payload(AB) },
      { about: "an enum whose tag was given a name", own: payload(AB, "tag"), lowered: payload(AB) },
      {
        about: "an enum with a variant of another name",
        own: payload(AB),
        lowered: payload({ A: AB.A, C: AB.B }),
        leads: TO,
      },
      { about: "an enum with a variant less", own: payload(AB), lowered: payload({ A: AB.A }), leads: TO },
      {
        about: "an enum with another field in a variant",
        own: payload(AB),
        lowered: payload({
          A: AB.A,
          B: [
            ["y", 32],
            ["q", 64],
          ],
        }),
        leads: TO,
      },
      {
        about: "an enum with a field at another place",
        own: payload(AB),
        lowered: payload({ A: [["x", 64]], B: AB.B }),
        leads: TO,
      },
      {
        about: "a union whose parts are unions",
        own: payload(AB, "", "union"),
        lowered: payload({ A: AB.A, B: [["y", 0]] }, "", "union"),
      },
      {
        about: "a record beside a union",
        own: (g: Graph) =>
          g.struct("Node", 8, [
            ["", g.union("", 4, [["A", g.struct("A", 4, []), 0]]), 0],
            ["b", u32(g), 32],
          ]),
        lowered: (g: Graph) =>
          g.struct("Node", 8, [
            ["", g.union("", 4, [["B", g.struct("B", 4, []), 0]]), 0],
            ["b", u32(g), 32],
          ]),
      },
      {
        about: "a union with a name",
        own: (g: Graph) => g.struct("Node", 8, [["u", g.union("", 4, [["A", g.struct("A", 4, []), 0]]), 0]]),
        lowered: (g: Graph) => g.struct("Node", 8, [["u", g.union("", 4, [["B", g.struct("B", 4, []), 0]]), 0]]),
      },
    ].map(bound),
    RULE,
  );
});

const big = node(16, [["v", 0]]);
const found = { own: small, lowered: big };

describe("ways that lead there", () => {
  tryTwins(
    [
      ...(["const", "volatile", "typedef"] as const).map((kind) => ({
        about: `${kind} behind a pointer`,
        ...found,
        ownLink: chain(["ptr", kind]),
        leads: {
          ...TO,
          from: kind === "typedef" ? "TYPEDEF alias" : kind.toUpperCase(),
          at: (link: number) => link - 1,
        },
      })),
      {
        about: "a pointer behind a pointer",
        ...found,
        ownLink: chain(["ptr", "ptr"]),
        leads: { ...TO, at: (link: number) => link - 1 },
      },
      {
        about: "a pointer behind all of them",
        ...found,
        ownLink: chain(["const", "typedef", "volatile", "ptr"]),
        leads: { ...TO, at: (link: number) => link - 3 },
      },
      {
        about: "32 pointers",
        ...found,
        ownLink: chain(Array.from({ length: 32 }, () => "ptr" as const)),
        leads: { ...TO, at: (link: number) => link - 31 },
      },
      {
        about: "33 pointers, which nobody writes",
        ...found,
        ownLink: chain(Array.from({ length: 33 }, () => "ptr" as const)),
      },
      { about: "restrict, which Rust has not", ...found, ownLink: chain(["ptr", "restrict"]) },
      { about: "no reference at all", ...found, ownLink: (_: Graph, target: number) => target },
      {
        about: "another reference in the source",
        ...found,
        ownLink: chain(["ptr", "const"]),
        loweredLink: chain(["ptr", "volatile"]),
      },
      {
        about: "a reference more in the source",
        ...found,
        ownLink: chain(["ptr"]),
        loweredLink: chain(["ptr", "const"]),
      },
      { about: "a pointer that is right elsewhere", ...found, pairs: (link: number) => ({ [link]: 1 }) },
      { about: "a member of another name", ...found, loweredMembers: (link: number) => [["q", link, 0]] as const },
      { about: "a member at another place", ...found, loweredMembers: (link: number) => [["p", link, 64]] as const },
      {
        about: "an escaped member",
        ...found,
        ownMembers: (link: number) => [["a_2D_b", link, 0]] as const,
        loweredMembers: (link: number) => [["a-b", link, 0]] as const,
        leads: TO,
      },
      {
        about: "the second of two members",
        ...found,
        ownMembers: (link: number) =>
          [
            ["n", 0, 0],
            ["p", link, 64],
          ] as const,
        loweredMembers: (link: number) =>
          [
            ["n", 0, 0],
            ["p", link, 64],
          ] as const,
        leads: TO,
      },
      {
        about: "two members, which agree",
        ...found,
        ownMembers: (link: number) =>
          [
            ["p", link, 0],
            ["q", link, 64],
          ] as const,
        leads: TO,
      },
      { about: "a member of a union", ...found, kinds: ["union", "union"] as const, leads: TO },
      { about: "a union for a struct", ...found, kinds: ["struct", "union"] as const },
    ].map(bound),
    RULE,
  );
});

/** A pointer that is both members' of Val; in the source there are two Nodes, and a pointer to each. */
const torn = (g: Graph, p: number, q: number): number =>
  g.struct("Val", 16, [
    ["p", p, 0],
    ["q", q, 64],
  ]);
const tornSource = (g: Graph): number => torn(g, g.ptr(big(g)), g.ptr(node(24, [])(g)));
const tornOwn = (g: Graph): number => {
  const shared = g.ptr(small(g));
  return torn(g, shared, shared);
};
const TORN: TwinRow = {
  about: "a pointer that is to lead to two",
  twins: { own: tornOwn, lowered: tornSource, pairs: { [tornOwn(new Graph())]: tornSource(new Graph()) } },
  finds: [],
};

describe("a type that was made without a DIE", () => {
  const { twins, finds } = bound({ about: "", ...found, leads: TO });
  const { place: _, ...rest } = finds[0] ?? ({} as Diagnostic);
  tryTwins([{ about: "has no place", twins: { ...twins, rowless: [big(new Graph()) + 2] }, finds: [rest] }], RULE);
});

describe("what nobody can tell", () => {
  tryTwins([TORN], RULE);
});
