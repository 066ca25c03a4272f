import { describe, expect, test } from "vitest";
import type { Graph } from "../../graph.ts";
import { define, event, type MapDraft, u32, u64, unit } from "../../maps/define.ts";
import {
  cilium,
  closed,
  def,
  defined,
  enumExtra,
  HASH,
  heldAgainstLoaders,
  inner,
  type MapFinding,
  type MapRow,
  OUTER,
  objectOf,
  programs,
  RING,
  tryMaps,
  withMember,
} from "./map-rows.ts";
import {
  conflict,
  contradicts,
  declared,
  empty,
  extra,
  innerFault,
  keyUnasked,
  kind,
  noKey,
  notArray,
  nothing,
  notInt,
  onRing,
  programKey,
  redundant,
  sizeless,
  unknown,
  unread,
  wrapped,
} from "./map-said.ts";
import { found, objectState } from "./state.ts";

const wide = (g: Graph): number =>
  g.struct("Pair", 4, [
    ["a", g.int("u16", 2), 0],
    ["b", g.int("u16", 2), 16],
  ]);

const row = (about: string, make: MapDraft["make"], ...finds: readonly MapFinding[]): MapRow => ({
  about,
  draft: { make },
  finds,
});
const ROWS: readonly MapRow[] = [
  defined("a hash", HASH),
  defined("a ring buffer", RING),
  defined("sizes alone", [
    ["type", 1],
    ["key_size", 4],
    ["value_size", 4],
    ["max_entries", 8],
  ]),
  row("a newtype", (g) => g.struct("Table", 32, [["__0", define(g, HASH), 0]]), wrapped("Table", "__0", "Table")),
  row(
    "newtypes that escaping has named",
    (g) =>
      g.struct("Map_3C_u8_3E_", 32, [
        ["cell", g.struct("Cell", 32, [["value", define(g, HASH), 0]]), 0],
        ["no", unit(g), 256],
      ]),
    wrapped("Map<u8>, Cell", "cell", "Map<u8>"),
  ),
  row(
    "a union",
    (g) =>
      g.union("MaybeUninit", 32, [
        ["uninit", unit(g), 0],
        ["value", define(g, HASH), 0],
      ]),
    {
      ...wrapped("MaybeUninit", "", "MaybeUninit"),
      answers: [closed("unexpected def kind var."), cilium("expected struct, got Union"), unread],
    },
  ),
  row("a typedef, which is none", (g) => g.ref("typedef", define(g, HASH), "Alias")),
  defined(
    "a ring buffer of a value and another size",
    [...RING, ["value", event], ["value_size", 0]],
    conflict("value is Event (16 bytes) but value_size is 0", "value", 16, 0),
    redundant("value_size is 0, and a ringbuf map has no value", "value"),
  ),
  defined(
    "a ring buffer of a value and a larger size",
    [...RING, ["value", event], ["value_size", 32]],
    conflict("value is Event (16 bytes) but value_size is 32", "value", 16, 32),
    redundant("value_size is 32, and a ringbuf map has no value", "value"),
  ),
  defined(
    "a ring buffer of a key and another size",
    [...RING, ["key", u64], ["key_size", 4]],
    conflict("key is u64 (8 bytes) but key_size is 4", "key", 8, 4),
    redundant("key_size is 4, and a ringbuf map has no key", "key"),
  ),
  defined("a ring buffer of a value", [...RING, ["value", event]], onRing("value")),
  defined("a ring buffer of a key", [...RING, ["key", event]], onRing("key")),
  defined("a ring buffer of an empty key", [...RING, ["key", unit]], noKey("ringbuf")),
  defined(
    "a queue of an empty key",
    [
      ["type", 22],
      ["key", unit],
      ["value", u32],
      ["max_entries", 8],
    ],
    keyUnasked("queue"),
  ),
  defined(
    "a stack of an empty key",
    [
      ["type", 23],
      ["key", unit],
      ["value", u32],
      ["max_entries", 8],
    ],
    keyUnasked("stack"),
  ),
  defined(
    "an arena of an empty key",
    [
      ["type", 33],
      ["map_flags", 1024],
      ["key", unit],
      ["max_entries", 1],
    ],
    keyUnasked("arena"),
  ),
  defined(
    "a bloom filter of an empty key",
    [
      ["type", 30],
      ["key", unit],
      ["value", u32],
      ["max_entries", 8],
    ],
    noKey("bloom_filter"),
  ),
  defined(
    "key and key_size",
    [...HASH, ["key_size", 4]],
    redundant("key is 4 bytes and key_size says it again", "key"),
  ),
  defined(
    "value and value_size",
    [...HASH, ["value_size", 16]],
    redundant("value is 16 bytes and value_size says it again", "value"),
  ),
  defined("another key_size", [...HASH, ["key_size", 8]], contradicts("key is 4 bytes but key_size is 8", "key")),
  defined(
    "another value_size",
    [...HASH, ["value_size", 8]],
    contradicts("value is 16 bytes but value_size is 8", "value"),
  ),
  defined(
    "a key of void",
    [
      ["type", 1],
      ["key", () => 0],
      ["value", event],
      ["max_entries", 8],
    ],
    sizeless("key"),
  ),
  defined(
    "a declared value",
    [
      ["type", 1],
      ["key", u32],
      ["value", (g) => g.fwd("Later")],
      ["max_entries", 8],
    ],
    sizeless("value"),
  ),
  defined(
    "an array of newtypes as keys",
    [
      ["type", 2],
      ["key", (g) => g.struct("Index", 4, [["__0", u32(g), 0]])],
      ["value", event],
      ["max_entries", 8],
    ],
    notInt("Index", "array"),
  ),
  defined("a hash of records as keys", [
    ["type", 1],
    ["key", wide],
    ["value", event],
    ["max_entries", 8],
  ]),
  defined(
    "programs by a key type",
    [
      ["type", 3],
      ["key", u32],
      ["max_entries", 8],
      ["values", programs],
    ],
    programKey,
  ),
  defined("programs by a key size", [
    ["type", 3],
    ["key_size", 4],
    ["max_entries", 8],
    ["values", programs],
  ]),
  defined(
    "maps behind a pointer to an array",
    [...OUTER, ["values", (g) => g.ptr(inner((h) => define(h, HASH, "Inner"))(g))]],
    notArray("maps", "map-in-map inner"),
  ),
  defined(
    "programs behind a pointer to an array",
    [
      ["type", 3],
      ["key_size", 4],
      ["max_entries", 8],
      ["values", (g) => g.ptr(programs(g))],
    ],
    notArray("programs", "prog-array value"),
  ),
  defined("maps", [...OUTER, ["values", inner((g) => define(g, HASH, "Inner"))]]),
  defined(
    "maps that are wrapped",
    [...OUTER, ["values", inner((g) => g.struct("Table", 32, [["__0", define(g, HASH, "Inner"), 0]]))]],
    innerFault("the definition is wrapped"),
  ),
  defined(
    "maps with a size twice",
    [...OUTER, ["values", inner((g) => define(g, [...HASH, ["key_size", 8]], "Inner"))]],
    innerFault("key is 4 bytes but key_size is 8"),
  ),
  defined("maps that are only declared", [...OUTER, ["values", inner((g) => g.fwd("Later"))]], declared),
  row(
    "map_extra as an enum",
    enumExtra(5n),
    extra("map/extra-as-enum", "warning", "map_extra is an enum of one value"),
  ),
  row(
    "map_extra as a wide enum",
    enumExtra(1n << 44n),
    extra("map/extra-too-large", "note", "map_extra is 17592186044416, which only an enum can hold"),
  ),
  defined("map_extra as others", [
    ["type", 30],
    ["value", u32],
    ["max_entries", 8],
    ["map_extra", 5],
  ]),
  row(
    "an empty member",
    withMember("_marker", (g) => g.struct("PhantomData", 0, [])),
    empty("_marker"),
  ),
  row(
    "two empty members",
    (g) => {
      const int = g.int("i32", 4, 1);
      const none = g.struct("PhantomData", 0, []);
      return g.struct("Def", 8, [
        ["type", g.ptr(g.array(int, int, 1)), 0],
        ["a", none, 64],
        ["b", none, 64],
      ]);
    },
    empty("a"),
    empty("b"),
  ),
  row("a member that nobody knows", withMember("colour", u32), unknown("colour")),
  row("an attribute that is no pointer", withMember("map_flags", u32), {
    ...unknown("map_flags"),
    answers: [closed("attr 'map_flags': expected")],
  }),
  row(
    "an attribute that points to no array",
    withMember("numa_node", (g) => g.ptr(u32(g))),
    { ...unknown("numa_node"), answers: [closed("attr 'numa_node': expected")] },
  ),
  ...(["key", "value"] as const).map((field) =>
    row(
      `a ${field} that is no pointer`,
      (g) => {
        const int = g.int("i32", 4, 1);
        return g.struct("Def", 16, [
          ["type", g.ptr(g.array(int, int, 1)), 0],
          [field, int, 64],
        ]);
      },
      { ...unknown(field), answers: [closed(`${field} spec is not PTR`)] },
    ),
  ),
  row(
    "two of them",
    (g) => {
      const int = g.int("i32", 4, 1);
      return g.struct("Def", 16, [
        ["type", g.ptr(g.array(int, int, 1)), 0],
        ["red", int, 64],
        ["blue", int, 96],
      ]);
    },
    unknown("red"),
    unknown("blue"),
  ),
  row("an empty attribute", withMember("map_flags", unit), {
    ...unknown("map_flags"),
    answers: [closed("attr 'map_flags': expected")],
  }),
  row("a record that defines nothing", event, nothing("unknown field 'at'.", "Event")),
  row(
    "a record of a typedef that defines nothing",
    (g) => g.ref("typedef", event(g), "Alias"),
    nothing("unknown field 'at'.", "Alias"),
  ),
  row("an empty record", (g) => g.struct("Empty", 128, []), nothing("map type isn't specified.", "Empty", 22)),
  row("a number", u32, nothing("unexpected def kind var.", "u32", 22)),
  row(
    "a union that defines nothing",
    (g) =>
      g.union("Either", 4, [
        ["a", u32(g), 0],
        ["b", u32(g), 0],
      ]),
    nothing("unexpected def kind var.", "Either", 22),
  ),
  defined(
    "a kind that no kernel has",
    [
      ["type", 36],
      ["key", u32],
      ["value", u32],
      ["max_entries", 8],
    ],
    kind(36),
  ),
  defined(
    "kind 0",
    [
      ["type", 0],
      ["key", u32],
      ["value", u32],
      ["max_entries", 8],
    ],
    kind(0, closed("map type isn't specified.")),
  ),
];

describe("what is found of a map", () => {
  // No judge is asked of what a rule leaves to their own words; the last kind is too new for the kernel that is asked below.
  tryMaps([
    ...ROWS,
    // Each loader names the member that comes first.
    row(
      "an empty member and one that nobody knows",
      (g) => {
        const int = g.int("i32", 4, 1);
        const none = g.struct("PhantomData", 0, []);
        return g.struct("Def", 16, [
          ["type", g.ptr(g.array(int, int, 1)), 0],
          ["red", int, 64],
          ["none", none, 96],
        ]);
      },
      unknown("red"),
      empty("none"),
    ),
    defined("maps of which nothing is known", [...OUTER, ["values", (g) => g.array(g.ptr(0), u32(g), 0)]]),
    defined("maps by no pointer", [...OUTER, ["values", (g) => g.array(u32(g), u32(g), 0)]]),
    defined("the last kind", [
      ["type", 35],
      ["key", u32],
      ["value", u32],
      ["max_entries", 8],
    ]),
  ]);

  test("is about the VAR alone where no symbol is called like it", () => {
    const draft = { make: def(["type", 1], ["colour", 3]), symbol: { name: "OTHER" } };
    const [first, ...more] = found(objectState(objectOf({ about: "", draft, finds: [] }))).filter(
      ({ rule }) => rule === "map/not-a-definition",
    );
    expect([first?.subject, Object.keys(first?.target ?? {}), more]).toEqual(["static MAP: Def", ["typeId"], []]);
  });
});

heldAgainstLoaders(ROWS);
