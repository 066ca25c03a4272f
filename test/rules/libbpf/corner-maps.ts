import type { BtfType } from "../../../src/btf/model.ts";
import { type Changes, hashFields, type MapDraft, type Types } from "./draft.ts";
import { filled, handlers, innerMap, map, otherwise, outer, plus, values } from "./map-cases.ts";

/** Edges of maps that no rule's vectors show. */

const [HASH, PROG_ARRAY, ARRAY_OF_MAPS, HASH_OF_MAPS, RINGBUF, USER_RINGBUF, ARENA, STRUCT_OPS] = [
  1, 3, 12, 13, 27, 31, 33, 26,
];

/** One type of each kind, by which something is defined that it cannot define. */
const ONE_OF_EACH: readonly ((types: Types) => number)[] = [
  () => 0,
  ({ graph }) => graph.int("i", 4),
  ({ graph }) => graph.ptr(0),
  ({ graph, u32 }) => graph.array(u32, u32, 3),
  ({ graph }) => graph.struct("S", 4, []),
  ({ graph }) => graph.union("U", 4, []),
  ({ graph }) => graph.enum("E", [["ONE", 1]]),
  ({ graph }) => graph.fwd("F"),
  ({ graph, u32 }) => graph.ref("typedef", u32, "T"),
  ({ graph, u32 }) => graph.ref("volatile", u32),
  ({ graph, u32 }) => graph.ref("const", u32),
  ({ graph, u32 }) => graph.ref("restrict", u32),
  ({ graph, u32 }) => graph.func("f", graph.proto(u32, [])),
  ({ graph, u32 }) => graph.proto(u32, []),
  ({ graph, u32 }) => graph.variable("v", u32, 0),
  ({ graph, u32 }) => graph.datasec(".section", 4, [[graph.variable("w", u32, 0), 0, 4]]),
  ({ graph }) => graph.float("double", 8),
  ({ graph }) => graph.declTag("tag", graph.struct("Tagged", 4, [])),
  ({ graph, u32 }) => graph.add({ kind: "typeTag", nameOff: graph.string("tag"), type: u32, attribute: false }),
  ({ graph }) => graph.enum64("W", [["TWO", 2n]]),
];

/** A map that is nothing but a key or a value of this type. */
const only = (field: "key" | "value", type: (types: Types) => number): Changes =>
  map((types) => [
    ["type", types.number(HASH)],
    [field, type(types)],
  ]);

const WORDS: readonly Changes[] = ONE_OF_EACH.flatMap((type) => [
  plus((types) => [["map_flags", type(types)]]),
  plus((types) => [["map_flags", types.graph.ptr(type(types))]]),
  plus((types) => [["map_extra", type(types)]]),
  only("key", type),
  only("value", (types) => types.graph.ptr(type(types))),
  otherwise({ type: () => 0 }),
  { maps: (types) => [{ name: "M", fields: hashFields(types), type: () => type(types) }] },
  values(PROG_ARRAY, type),
  values(PROG_ARRAY, (types) => types.graph.ptr(type(types))),
  values(ARRAY_OF_MAPS, type),
  values(ARRAY_OF_MAPS, (types) => types.graph.ptr(type(types))),
  map((types) => [...outer(PROG_ARRAY, types), ["values", type(types)]]),
]);

/** A map of this type, with both types and sizes that fit them. */
const ofType = (type: number): Changes =>
  map(({ number, pointer }) => [
    ["type", number(type)],
    ["key", pointer],
    ["value", pointer],
    ["max_entries", number(4)],
  ]);

const sizedMap = (type: number, entries: number, more: (types: Types) => MapDraft["fields"] = () => []): Changes =>
  map((types) => [["type", types.number(type)], ["max_entries", types.number(entries)], ...more(types)]);

const PAGE = 4096;
const RINGS = [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE, 5 * PAGE, 0x8000_0000, 0x8000_0001, 0xffff_ffff];

/** `map_extra` from the values of an ENUM, as they stand. */
const extra = (type: Omit<Extract<BtfType, { kind: "enum" | "enum64" }>, "nameOff">): Changes =>
  plus(({ graph }) => [["map_extra", graph.add({ ...type, nameOff: graph.string("Extra") } as BtfType)]]);

const EXTRAS: readonly Changes[] = [
  plus(({ number }) => [["map_extra", number(5)]]),
  plus(({ graph, number }) => [["map_extra", graph.ref("const", graph.ref("typedef", number(7), "Seven"))]]),
  extra({ kind: "enum", size: 4, signed: true, values: [{ nameOff: 0, value: -1 }] }),
  extra({ kind: "enum", size: 4, signed: false, values: [{ nameOff: 0, value: 9 }] }),
  extra({ kind: "enum", size: 4, signed: false, values: [] }),
  extra({ kind: "enum64", size: 8, signed: true, values: [{ nameOff: 0, value: -2n }] }),
  extra({ kind: "enum64", size: 8, signed: false, values: [{ nameOff: 0, value: 1n << 44n }] }),
  extra({ kind: "enum64", size: 8, signed: false, values: [1n, 2n].map((value) => ({ nameOff: 0, value })) }),
  sizedMap(ARENA, 2, ({ graph }) => [["map_extra", graph.enum64("Where", [["AT", 1n << 44n]])]]),
];

/** Sizes that are said twice, before and after the types. */
const TWICE: readonly Changes[] = [
  ...(["key_size", "value_size"] as const).flatMap((field) =>
    [0, 1, 4, 8].flatMap((size) => [
      plus(({ number }) => [[field, number(size)]]),
      map((types) => [[field, types.number(size)], ...hashFields(types)]),
      plus(({ number }) => [
        [field, number(size)],
        [field, number(4)],
      ]),
    ]),
  ),
  ...[0, 4, 8].map((size) =>
    map((types) => [
      ...outer(PROG_ARRAY, types),
      ["value_size", types.number(size)],
      ["values", types.graph.array(handlers(types), types.u32, 0)],
    ]),
  ),
  map((types) => {
    const list = types.graph.array(handlers(types), types.u32, 0);
    return [...outer(PROG_ARRAY, types), ["values", list], ["values", list]];
  }),
  plus(({ number }) => [["numa_node", number(0)]]),
  plus(({ number }) => [["max_entries", number(32)]]),
  plus(({ number }) => [["type", number(2)]]),
];

/** Ids of types that are none, of which 1.1 asks at each place. */
const NOWHERE: readonly Changes[] = [
  plus(({ graph }) => [["map_flags", graph.ptr(999)]]),
  only("key", () => 999),
  only("value", ({ graph }) => graph.ptr(999)),
  ...[PROG_ARRAY, ARRAY_OF_MAPS].flatMap((type) => [
    map((types) => [...outer(type, types), ["values", 999]]),
    values(type, () => 999),
    values(type, ({ graph }) => graph.ptr(999)),
  ]),
  otherwise({ type: () => 999 }),
];

const inner = (fields: (types: Types) => MapDraft["fields"]): Changes => values(ARRAY_OF_MAPS, innerMap(fields));

const INNER: readonly Changes[] = [
  inner((types) => [...hashFields(types), ["map_flags", types.number(1)], ["numa_node", types.number(0)]]),
  inner(({ number }) => [
    ["type", number(RINGBUF)],
    ["max_entries", number(PAGE + 1)],
  ]),
  inner(({ number }) => [["max_entries", number(1)]]),
  inner((types) => [...hashFields(types), ["colour", types.number(1)]]),
  inner((types) => [...hashFields(types), ["key_size", types.number(8)]]),
  // Both are wrong: one level too many, and not the last.
  inner((types) => [
    ["type", types.number(ARRAY_OF_MAPS)],
    ["values", types.u32],
    ["key_size", types.number(4)],
  ]),
  { ...inner((types) => [["colour", types.number(1)]]), ...longName("I".repeat(140)) },
];

/** The map of maps with an inner one of an unknown field, under this name. */
function longName(name: string): Changes {
  return {
    maps: (types) => [
      {
        name,
        fields: [
          ...outer(ARRAY_OF_MAPS, types),
          ["values", types.graph.array(innerMap(({ number }) => [["colour", number(1)]])(types), types.u32, 0)],
        ],
      },
    ],
    relocations: [],
  };
}

const PLACES: readonly Changes[] = [
  ...[30, 31, 32, 33, 40].map((mapBytes) => ({ mapBytes })),
  ...[24, 31, 32, 33].map((defSize) => otherwise({ defSize })),
  ...[0, 1, 2, 3, 9].map((linkage) => otherwise({ linkage })),
  ...[0, 1, 2, 3].map((visibility) => ({ mapSymbol: { visibility } })),
  ...[0, 1, 2].map((binding) => ({ mapSymbol: { binding } })),
  otherwise({ type: (id) => id, slots: 8 }),
  // Two of one name, three, and one that another section has.
  {
    maps: (types) => [
      { name: "A", fields: hashFields(types) },
      { name: "M", fields: hashFields(types) },
      { name: "B", fields: hashFields(types) },
    ],
    relocations: [[0, "B"]],
  },
  {
    maps: ({ number }) => [
      {
        name: "M",
        fields: [
          ["type", number(ARENA)],
          ["max_entries", number(1)],
        ],
      },
      {
        name: "B",
        fields: [
          ["type", number(RINGBUF)],
          ["max_entries", number(PAGE)],
        ],
      },
      {
        name: "C",
        fields: [
          ["type", number(ARENA)],
          ["max_entries", number(1)],
        ],
      },
    ],
  },
];

/** Initialisers at every 4 bytes of a map of maps, a hash of maps and a map of programs, and past their ends. */
const SLOTS: readonly Changes[] = [0, 8, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 72].flatMap((at) => [
  filled(ARRAY_OF_MAPS, innerMap(hashFields), { slotRelocations: [[at, "M"]] }),
  filled(PROG_ARRAY, handlers, { slotRelocations: [[at, "prog"]] }),
  filled(HASH_OF_MAPS, innerMap(hashFields), { slotRelocations: [[at, "M"]] }, at < 40 ? 4 : 8),
]);

const FILLED: readonly Changes[] = [
  { ...otherwise({ slots: 16 }), slotRelocations: [[32, "M"]] },
  { ...map((types) => outer(PROG_ARRAY, types), { slots: 16 }), slotRelocations: [[24, "prog"]] },
  { ...map((types) => outer(PROG_ARRAY, types), { slots: 16 }), slotRelocations: [[0, "prog"]] },
  { ...map((types) => outer(ARRAY_OF_MAPS, types), { slots: 16 }), slotRelocations: [[24, "M"]] },
  { ...map(() => [], { slots: 16 }), slotRelocations: [[0, "M"]] },
  filled(ARRAY_OF_MAPS, innerMap(hashFields), {
    slotRelocations: [
      [24, "OUTER"],
      [32, "M"],
    ],
  }),
  filled(PROG_ARRAY, handlers, {
    slotRelocations: [[24, "helper"]],
    sections: [
      {
        name: ".text",
        insns: [
          [0xb7, 0, 0, 0],
          [0x95, 0, 0, 0],
        ],
      },
    ],
    symbols: [{ name: "helper", section: ".text", size: 16 }],
  }),
  filled(PROG_ARRAY, handlers, {
    slotRelocations: [[24, "half"]],
    symbols: [{ name: "half", section: "xdp", value: 8 }],
  }),
];

export const MAP_CORNERS: readonly Changes[] = [
  ...WORDS,
  // Not STRUCT_OPS, over which libbpf falls when it loads one of `.maps`.
  ...Array.from({ length: 36 }, (_, type) => ofType(type === STRUCT_OPS ? HASH : type)),
  ...[RINGBUF, USER_RINGBUF, HASH].flatMap((type) => RINGS.map((bytes) => sizedMap(type, bytes))),
  ...EXTRAS,
  ...TWICE,
  ...[0, 1, 2, 3].map((value) => plus(({ number }) => [["pinning", number(value)]])),
  ...NOWHERE,
  ...INNER,
  longName("L".repeat(121)),
  longName("K".repeat(120)),
  ...PLACES,
  ...SLOTS,
  ...FILLED,
];
