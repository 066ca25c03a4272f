import { EXIT, move } from "../../object.ts";
import { type Vector, vector } from "./btf-cases.ts";
import { type Changes, hashFields, type MapDraft, type Types } from "./draft.ts";

type Fields = MapDraft["fields"];

/** One map of these fields, and what else is said of it. */
export function map(fields: (types: Types) => Fields, more: Partial<MapDraft> = {}): Changes {
  return { maps: (types) => [{ name: "M", fields: fields(types), ...more }] };
}

/** The ordinary map with more fields behind. */
export function plus(more: (types: Types) => Fields): Changes {
  return map((types) => [...hashFields(types), ...more(types)]);
}

/** The ordinary map, of which one thing is otherwise. */
export function otherwise(more: Partial<MapDraft>): Changes {
  return map(hashFields, more);
}

/** A map of maps or of programs, without its `values`. */
export function outer(type: number, { number }: Types): Fields {
  return [
    ["type", number(type)],
    ["key_size", number(4)],
    ["max_entries", number(2)],
  ];
}

const [PROG_ARRAY, ARRAY_OF_MAPS, ARENA] = [3, 12, 33];

/** `values` of a map, whose elements are what `element` gives. */
export function values(type: number, element: (types: Types) => number, nelems = 0): Changes {
  return map((types) => [...outer(type, types), ["values", types.graph.array(element(types), types.u32, nelems)]]);
}

export function innerMap(fields: (types: Types) => Fields): (types: Types) => number {
  return (types) =>
    types.graph.ptr(
      types.graph.struct(
        "Inner",
        64,
        fields(types).map(([name, type], at) => [name, type, at * 64]),
      ),
    );
}

export const handlers = (types: Types): number => types.graph.ptr(types.graph.proto(types.u32, []));

export const MAP_CASES: Readonly<Record<string, Vector>> = {
  "LE-05": vector([{ datasec: "license" }]),
  "LM-01": vector([{ ...map(hashFields, { name: "" }), relocations: [] }]),
  "LM-02": vector([{ mapBytes: 31 }], [{ mapBytes: 40 }]),
  "LM-04": vector(
    [otherwise({ linkage: 0 }), otherwise({ linkage: 2 }), { mapSymbol: { visibility: 2 } }],
    [{ mapSymbol: { visibility: 3 } }],
  ),
  "LM-05": vector(
    [
      { maps: (types) => [{ name: "M", fields: hashFields(types), type: () => types.u32 }] },
      { maps: (types) => [{ name: "M", fields: hashFields(types), type: () => types.graph.union("U", 4, []) }] },
    ],
    [{ maps: (types) => [{ name: "M", fields: hashFields(types), type: (id) => types.graph.ref("const", id) }] }],
  ),
  "LM-06": vector([otherwise({ defSize: 33 })], [otherwise({ defSize: 31 })]),
  "LM-10": vector(
    [
      plus(({ u32 }) => [["map_flags", u32]]),
      plus(({ pointer }) => [["map_flags", pointer]]),
      plus(({ graph, u32 }) => [["map_flags", graph.ptr(graph.ref("typedef", graph.array(u32, u32, 1), "A"))]]),
      plus(({ graph }) => [["numa_node", graph.ptr(0)]]),
      plus(() => [["numa_node", 0]]),
    ],
    [plus(({ graph, number }) => [["map_flags", graph.ref("typedef", number(0), "F")]])],
  ),
  "LM-11": vector(
    [
      plus(({ u32 }) => [["map_extra", u32]]),
      plus(({ graph }) => [
        [
          "map_extra",
          graph.enum("E", [
            ["A", 1],
            ["B", 2],
          ]),
        ],
      ]),
      plus(({ graph }) => [["map_extra", graph.enum64("E", [])]]),
    ],
    [plus(({ graph }) => [["map_extra", graph.enum64("E", [["A", 1n]])]])],
  ),
  "LM-12": vector([
    map(({ number, u32 }) => [
      ["type", number(1)],
      ["key", u32],
    ]),
    map(({ number, pointer, graph }) => [
      ["type", number(1)],
      ["value", graph.ref("const", pointer)],
    ]),
    map(({ number }) => [
      ["type", number(1)],
      ["value", 0],
    ]),
  ]),
  "LM-13": vector(
    [
      map(({ number, graph }) => [
        ["type", number(1)],
        ["key", graph.ptr(0)],
      ]),
      map(({ number, graph }) => [
        ["type", number(1)],
        ["value", graph.ptr(graph.fwd("F"))],
      ]),
      map(({ number, graph, u32 }) => [
        ["type", number(1)],
        ["value", graph.ptr(graph.array(u32, u32, 0x4000_0000))],
      ]),
    ],
    [
      map(({ number, graph, u32 }) => [
        ["type", number(1)],
        ["value", graph.ptr(graph.array(u32, u32, 0x3fff_ffff))],
      ]),
    ],
  ),
  "LM-14": vector(
    [plus(({ number }) => [["key_size", number(8)]]), plus(({ number }) => [["value_size", number(1)]])],
    [plus(({ number }) => [["key_size", number(4)]])],
  ),
  "LM-15": vector(
    [
      map((types) => [
        ["type", types.number(PROG_ARRAY)],
        ["values", types.graph.array(handlers(types), types.u32, 0)],
        ["key_size", types.number(4)],
      ]),
    ],
    [values(PROG_ARRAY, handlers)],
  ),
  "LM-16": vector([values(1, handlers)], [values(PROG_ARRAY, handlers)]),
  "LM-17": vector(
    [
      map((types) => [
        ...outer(PROG_ARRAY, types),
        ["value_size", types.number(8)],
        ["values", types.graph.array(handlers(types), types.u32, 0)],
      ]),
    ],
    [values(PROG_ARRAY, handlers)],
  ),
  "LM-18": vector(
    [
      values(PROG_ARRAY, handlers, 1),
      values(ARRAY_OF_MAPS, innerMap(hashFields), 2),
      map((types) => [...outer(PROG_ARRAY, types), ["values", handlers(types)]]),
    ],
    [values(ARRAY_OF_MAPS, innerMap(hashFields))],
  ),
  "LM-19": vector(
    [
      values(PROG_ARRAY, ({ u32 }) => u32),
      values(PROG_ARRAY, ({ pointer }) => pointer),
      values(ARRAY_OF_MAPS, handlers),
      values(ARRAY_OF_MAPS, () => 0),
    ],
    [values(ARRAY_OF_MAPS, innerMap(hashFields))],
  ),
  "LM-20": vector([
    values(
      ARRAY_OF_MAPS,
      innerMap((types) => [...outer(PROG_ARRAY, types), ["values", handlers(types)]]),
    ),
  ]),
  "LM-21": vector([plus(({ number }) => [["pinning", number(2)]])], [plus(({ number }) => [["pinning", number(1)]])]),
  "LM-22": vector([
    values(
      ARRAY_OF_MAPS,
      innerMap(({ number }) => [
        ["type", number(1)],
        ["pinning", number(0)],
      ]),
    ),
  ]),
  "LM-23": vector([plus(({ number }) => [["colour", number(1)]]), plus(({ number }) => [["", number(1)]])]),
  "LM-24": vector([
    {
      blob: (bytes, view) => {
        // The name of the definition's first member: behind the header, INT, PTR, and four times ARRAY and PTR less one pair.
        const at = 24 + 16 + 12 + 2 * (24 + 12) + 12;
        view.setUint32(at, 0xffff, true);
        return bytes;
      },
    },
  ]),
  "LM-25": vector([map(({ number }) => [["max_entries", number(1)]]), map(({ number }) => [["type", number(0)]])]),
  "LM-26": vector(
    [
      {
        maps: ({ number }) => [
          { name: "M", fields: [["type", number(ARENA)]] },
          { name: "N", fields: [["type", number(ARENA)]] },
        ],
      },
    ],
    [map(({ number }) => [["type", number(ARENA)]])],
  ),
  "LM-27": vector(
    [{ sections: [{ name: ".addr_space.1", bytes: new Uint8Array(8) }] }],
    [
      {
        ...map(({ number }) => [
          ["type", number(ARENA)],
          ["max_entries", number(1)],
        ]),
        sections: [{ name: ".addr_space.1", bytes: new Uint8Array(8) }],
      },
    ],
  ),
};

/** A map to be filled, and the ordinary one behind it, `M`. */
export function filled(type: number, element: (types: Types) => number, more: Changes, key = 4): Changes {
  return {
    maps: (types) => [
      {
        name: "OUTER",
        fields: [
          ["type", types.number(type)],
          ["key_size", types.number(key)],
          ["max_entries", types.number(2)],
          ["values", types.graph.array(element(types), types.u32, 0)],
        ],
        slots: 16,
      },
      { name: "M", fields: hashFields(types) },
    ],
    ...more,
  };
}

/** Where `values` begin: behind three members. */
const SLOT = 24;
const maps = (slotRelocations: Changes["slotRelocations"], more: Changes = {}, type = ARRAY_OF_MAPS): Changes =>
  filled(type, innerMap(hashFields), { ...(slotRelocations === undefined ? {} : { slotRelocations }), ...more });
const programs = (slotRelocations: Changes["slotRelocations"], more: Changes = {}): Changes =>
  filled(PROG_ARRAY, handlers, { ...(slotRelocations === undefined ? {} : { slotRelocations }), ...more });
const HASH_OF_MAPS = 13;

export const SLOT_CASES: Readonly<Record<string, Vector>> = {
  "LV-01": vector([maps([[SLOT + 64, "M"]]), maps([[44, "M"]])], [maps([[SLOT + 8, "M"]])]),
  "LV-02": vector([maps([[SLOT, "prog"]])], [maps([[SLOT, "M"]])]),
  "LV-03": vector(
    [filled(HASH_OF_MAPS, innerMap(hashFields), { slotRelocations: [[SLOT, "M"]] }, 8)],
    [maps([[SLOT, "M"]], {}, HASH_OF_MAPS)],
  ),
  "LV-04": vector([maps([[SLOT, "other"]], { symbols: [{ name: "other", section: ".maps" }] })]),
  "LV-05": vector([programs([[SLOT, "M"]])], [programs([[SLOT, "prog"]])]),
  "LV-06": vector(
    [
      programs([[SLOT, "prog"]], {
        program: { section: "tc", size: 16 },
        sections: [{ name: "tc", insns: [move(0, 0), EXIT] }],
        symbols: [{ name: "prog", section: "xdp", size: 32 }],
      }),
    ],
    [programs([[SLOT, "prog"]])],
  ),
  "LV-07": vector([{ slotRelocations: [[0, "M"]] }, maps([[0, "M"]]), maps([[SLOT + 4, "M"]])]),
};
