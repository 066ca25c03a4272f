import { describe } from "vitest";
import { TAG } from "../../../src/dwarf/constants.ts";
import type { Diagnostic } from "../../../src/rules/rule.ts";
import type { Graph } from "../../graph.ts";
import { drops, u32 } from "./rows.ts";
import { type Die, placeOfDie, type Twins } from "./state.ts";
import { type TwinRow, tryTwins } from "./twins.ts";

/** Enums with payload, and what is left of them: found by the variant part that debug info has in the place of a UNION. */

const VARIANTS: Die = { tag: TAG.variantPart };

const tag = (unionId: number, holderId: number, row: number): Diagnostic => ({
  rule: "btf/tag-unnamed",
  severity: "note",
  message: `the tag of UNION [${unionId}] has no name and no values`,
  target: { typeId: holderId, member: 0 },
  place: placeOfDie(row),
  answers: [{ judge: "bpftool", answer: "misreads", how: "an empty key in map dumps" }],
});
const opaque = (typeId: number, row: number): Diagnostic => ({
  rule: "btf/enum-not-opaque",
  severity: "note",
  message: `STRUCT E [${typeId}] shows the payload of an enum`,
  target: { typeId },
  place: placeOfDie(row),
  answers: [],
});

/** [1] u32, [2] the variant A, [3] the UNION with this first member, [4] the record around it. */
const enumOf =
  (first: (g: Graph) => readonly [name: string, type: number] = () => ["", 1], kind: "struct" | "union" = "struct") =>
  (g: Graph): void => {
    u32(g);
    const variant = g.struct("A", 8, [["x", 1, 32]]);
    const [name, type] = first(g);
    const union = g.union("", 8, [
      [name, type, 0],
      ["A", variant, 0],
    ]);
    g.struct("E", 8, [["", union, 0]], kind);
  };
const both = (make: Twins["own"], more: Partial<Twins> = {}): Twins => ({
  own: make,
  lowered: (g) => [g.fwd("First"), make(g)],
  pairs: { 3: 4, 4: 5 },
  dies: { 4: VARIANTS },
  ...more,
});

/** Before the UNION, which is then [4] and its record [5]: the STRUCT [3] that holds a tag away from offset 0. */
const wrapped = (name: string, type: number) => (g: Graph) => ["", g.struct("", 8, [[name, type, 32]])] as const;
const shifted = (make: Twins["own"]): Twins => ({ ...both(make), pairs: { 4: 5, 5: 6 }, dies: { 5: VARIANTS } });

const untyped: Diagnostic = {
  ...drops("btf/type-missing", { typeId: 3, member: 0 }, "UNION [3] holds something without a type", "Invalid type_id"),
  place: placeOfDie(4),
};

const TAGS: readonly TwinRow[] = [
  { about: "a tag without a name", twins: both(enumOf()), finds: [tag(3, 3, 4)] },
  { about: "a tag in a record", twins: shifted(enumOf(wrapped("", 1))), finds: [tag(4, 3, 5)] },
  { about: "a tag with a name", twins: both(enumOf(() => ["tag", 1])), finds: [] },
  { about: "a tag with a name in a record", twins: shifted(enumOf(wrapped("tag", 1))), finds: [] },
  { about: "a tag that is no number", twins: both(enumOf(() => ["", 2])), finds: [] },
  { about: "a tag in a record that is no number", twins: shifted(enumOf(wrapped("", 2))), finds: [] },
  { about: "a record without members", twins: shifted(enumOf((g) => ["", g.struct("", 0, [])])), finds: [] },
  { about: "a pointer", twins: shifted(enumOf((g) => ["", g.ptr(1)])), finds: [] },
  { about: "a union of the source", twins: both(enumOf(), { dies: { 4: { tag: TAG.unionType } } }), finds: [] },
  { about: "a union that debug info does not know", twins: both(enumOf(), { pairs: {} }), finds: [] },
  {
    about: "a union without members",
    twins: {
      own: (g) => g.union("", 0, []),
      lowered: (g) => g.union("", 0, []),
      pairs: { 1: 1 },
      dies: { 1: VARIANTS },
    },
    finds: [],
  },
  { about: "a tag without a type", twins: both(enumOf(() => ["", 0])), finds: [untyped] },
  { about: "a union that debug info has made up", twins: both(enumOf(), { rowless: [4] }), finds: [] },
  { about: "where enums stay unions", twins: both(enumOf(), { choices: { enums: "union" } }), finds: [] },
];

const OPAQUE: Partial<Twins> = { choices: { enums: "opaque" } };
const PAYLOADS: readonly TwinRow[] = [
  { about: "an enum that is to be bytes", twins: both(enumOf(), OPAQUE), finds: [opaque(4, 5)] },
  {
    about: "one whose tag has a name",
    twins: both(
      enumOf(() => ["tag", 1]),
      OPAQUE,
    ),
    finds: [opaque(4, 5)],
  },
  {
    about: "two",
    twins: {
      own: (g) => [
        enumOf()(g),
        g.struct("E", 12, [
          ["a", 1, 0],
          ["", 3, 32],
        ]),
      ],
      lowered: enumOf(),
      pairs: { 3: 3, 4: 4, 5: 2 },
      dies: { 3: VARIANTS },
      ...OPAQUE,
    },
    finds: [opaque(4, 4), opaque(5, 2)],
  },
  {
    about: "a record of a number that debug info takes for a variant part",
    twins: {
      own: (g) => g.struct("E", 4, [["a", u32(g), 0]]),
      lowered: u32,
      pairs: { 1: 1 },
      dies: { 1: VARIANTS },
      ...OPAQUE,
    },
    finds: [],
  },
  {
    about: "a union of the source",
    twins: both(enumOf(), { dies: { 4: { tag: TAG.unionType } }, ...OPAQUE }),
    finds: [],
  },
  { about: "a union that debug info does not know", twins: both(enumOf(), { pairs: { 4: 5 }, ...OPAQUE }), finds: [] },
  {
    about: "a record that holds something without a type",
    twins: {
      own: (g) => g.struct("E", 4, [["", 0, 0]]),
      lowered: u32,
      pairs: { 1: 1 },
      dies: { 1: VARIANTS },
      ...OPAQUE,
    },
    finds: [
      {
        ...drops(
          "btf/type-missing",
          { typeId: 1, member: 0 },
          "STRUCT E [1] holds something without a type",
          "Invalid type_id",
        ),
        place: placeOfDie(1),
      },
    ],
  },
  { about: "a union around a union", twins: both(enumOf(undefined, "union"), OPAQUE), finds: [] },
];

describe("enums with payload", () => {
  tryTwins([...TAGS, ...PAYLOADS]);
});

const emptied = (ids: readonly number[], names: string, row?: number): Diagnostic => ({
  rule: "btf/enum-emptied",
  severity: "note",
  message: `${ids.length} of the records have a size and no members: ${names}`,
  target: { typeId: ids[0] ?? 0 },
  ...(row === undefined ? {} : { place: placeOfDie(row) }),
  answers: [],
  help: "bpf-linker before 0.11 empties enums with payload; link with a newer one",
});
const records = (about: string, own: Twins["own"], finds: readonly Diagnostic[]): TwinRow => ({
  about,
  twins: { own, lowered: (g) => g.fwd("First"), pairs: { 2: 7 } },
  finds,
});
const hollow = (g: Graph, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => g.struct(`E${index}`, 8, []));

describe("records that are empty", () => {
  tryTwins([
    records("one", (g) => [u32(g), ...hollow(g, 1)], [emptied([2], "STRUCT E0 [2]", 7)]),
    records("three", (g) => hollow(g, 3), [emptied([1, 2, 3], "STRUCT E0 [1], STRUCT E1 [2], STRUCT E2 [3]")]),
    records("four", (g) => hollow(g, 4), [emptied([1, 2, 3, 4], "STRUCT E0 [1], STRUCT E1 [2], STRUCT E2 [3], …")]),
    records(
      "none",
      (g) => [
        g.struct("S", 4, [["a", u32(g), 0]]),
        g.struct("", 4, []),
        g.struct("Z", 0, []),
        g.union("U", 4, []),
        // A variant without fields: its enum says how large it is.
        g.union("", 4, [
          ["A", 1, 0],
          ["B", g.struct("B", 4, []), 0],
        ]),
      ],
      [],
    ),
    records("one that a record holds", (g) => g.struct("S", 8, [["a", g.struct("E0", 8, []), 0]]), [
      emptied([1], "STRUCT E0 [1]"),
    ]),
  ]);
});

const declared = (typeId: number, name: string, row: number): Diagnostic => ({
  rule: "btf/forward-incomplete",
  severity: "note",
  message: `FWD ${name} [${typeId}] is only declared, though DWARF describes it`,
  target: { typeId },
  place: placeOfDie(row),
  answers: [],
});
/** A record whose members are numbers, each of a type of its own, after `more` others. */
const wide =
  (members: number) =>
  (g: Graph): unknown => {
    const types = Array.from({ length: members }, (_, index) => g.int(`u${index}`, 1));
    return g.struct(
      "S",
      members,
      types.map((type, index) => [`m${index}`, type, index * 8] as const),
    );
  };
const forward = (
  about: string,
  lowered: Twins["own"],
  finds: readonly Diagnostic[],
  more: Partial<Twins> = {},
): TwinRow => ({
  about,
  twins: { own: (g) => [u32(g), g.fwd("S")], lowered, pairs: { 2: 2 }, ...more },
  finds,
});
const C: Die = { tag: TAG.structureType, language: 0x0c };

describe("declarations", () => {
  tryTwins([
    forward("of a record", (g) => [u32(g), g.struct("S", 4, [["a", 1, 0]])], [declared(2, "S", 2)]),
    forward("of a union", (g) => [u32(g), g.union("S", 4, [["a", 1, 0]])], [declared(2, "S", 2)]),
    forward("of a record that leads to itself", (g) => [g.ptr(2), g.struct("S", 8, [["a", 1, 0]])], [
      declared(2, "S", 2),
    ]),
    forward("of what is only declared there too", (g) => [u32(g), g.fwd("S")], []),
    forward("of a number", (g) => [u32(g), g.int("S", 4)], []),
    forward("of a record of C", (g) => [u32(g), g.struct("S", 4, [["a", 1, 0]])], [], { dies: { 2: C } }),
    forward("of a union of C", (g) => [u32(g), g.union("S", 4, [["a", 1, 0]])], [], { dies: { 2: C } }),
    forward("of a record that debug info has made up", (g) => [u32(g), g.struct("S", 4, [["a", 1, 0]])], [], {
      rowless: [2],
    }),
    forward("that debug info does not know", (g) => [u32(g), g.struct("S", 4, [["a", 1, 0]])], [], { pairs: {} }),
    forward("of 256 types", wide(255), [declared(2, "S", 256)], { pairs: { 2: 256 } }),
    forward(
      "of 256 types and nothing",
      (g) => [
        wide(255)(g),
        g.struct("T", 8, [
          ["s", 256, 0],
          ["none", 0, 0],
        ]),
      ],
      [],
      { pairs: { 2: 257 } },
    ),
    forward(
      "of 256 types, one of which leads to nothing",
      (g) => [
        wide(253)(g),
        g.struct("T", 8, [
          ["s", 254, 0],
          ["p", g.ptr(0), 0],
        ]),
      ],
      [declared(2, "S", 256)],
      { pairs: { 2: 256 } },
    ),
    forward("of 257 types, more than anybody reads", wide(256), [], { pairs: { 2: 257 } }),
  ]);
});
