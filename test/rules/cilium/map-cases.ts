import { type Changes, hashFields, type MapDraft, type Types } from "../libbpf/draft.ts";
import { edited, map, SH_ALIGN, SH_FLAGS, type Vector, vector, withHeader, withSymbol } from "./draft.ts";

type Fields = MapDraft["fields"];

/** The ordinary hash with fields replaced, added, or left out where the type is undefined. */
function fields(edit: (types: Types) => Readonly<Record<string, number | undefined>>): Changes {
  return map((types) => {
    const edits = edit(types);
    const all = new Map<string, number | undefined>(hashFields(types));
    for (const [name, type] of Object.entries(edits)) all.set(name, type);
    return [...all].flatMap(([name, type]): Fields => (type === undefined ? [] : [[name, type]]));
  });
}

const OLD = { name: "maps", bytes: new Uint8Array(40) };
function old(size: number, more: Partial<Changes> = {}): Changes {
  return { sections: [OLD], symbols: [{ name: "old", section: "maps", size }], ...more };
}

const TWO: Changes = {
  maps: (types) => [
    { name: "M", fields: hashFields(types) },
    { name: "N", fields: hashFields(types) },
  ],
};

/** An array of maps, with what its values are. */
function outer(
  values: (types: Types) => number,
  { type = 12, more = [] }: { type?: number; more?: (types: Types) => Fields } | { type?: number; more?: never[] } = {},
): Changes {
  return map(
    (types) => [
      ["type", types.number(type)],
      ["key", types.pointer],
      ["max_entries", types.number(2)],
      ...(typeof more === "function" ? more(types) : []),
      ["values", values(types)],
    ],
    { slots: 8 },
  );
}

function inner(types: Types, more: readonly (readonly [string, number])[] = []): number {
  const { graph, u32 } = types;
  const all = [...hashFields(types), ...more];
  const members = all.map(([name, type], i) => [name, type, i * 64] as const);
  return graph.array(graph.ptr(graph.struct("Inner", members.length * 8, members)), u32, 2);
}

function proto({ graph, u32 }: Types): number {
  return graph.array(graph.ptr(graph.proto(u32, [])), u32, 2);
}

const OUTER = outer((types) => inner(types));

export const MAP_CASES: Readonly<Record<string, Vector>> = {
  "CM-01": vector([{ sections: [OLD] }], [old(20)]),
  "CM-02": vector([withHeader(old(20), "maps", { [SH_FLAGS]: 0x803 }), withHeader({}, ".maps", { [SH_FLAGS]: 0x803 })]),
  "CM-03": vector(
    [old(20, { types: ({ graph, u32 }) => void graph.datasec("maps", 4, [[u32, 0, 4]]) })],
    [old(20, { types: ({ graph, u32 }) => void graph.datasec("maps", 20, [[graph.variable("old", u32), 0, 20]]) })],
  ),
  "CM-04": vector(
    [
      {
        sections: [OLD],
        symbols: [
          { name: "old", section: "maps", size: 20 },
          { name: "old", section: "maps", size: 20, value: 20 },
        ],
      },
    ],
    [
      {
        sections: [OLD],
        symbols: [
          { name: "old", section: "maps", size: 20 },
          { name: "older", section: "maps", size: 20, value: 20 },
        ],
      },
    ],
  ),
  "CM-05": vector([withSymbol({}, "M", { size: 2n ** 32n }), withSymbol(old(20), "old", { value: 2n ** 32n })]),
  "CM-06": vector([
    withSymbol({}, "M", { size: 33n }),
    withSymbol(old(20), "old", { value: 21n }),
    ...[{ value: 2n ** 32n - 1n }, { size: 2n ** 32n - 1n }].map((edit) => withSymbol(old(20), "old", edit)),
  ]),
  "CM-07": vector([old(0), old(4), old(8), old(12), old(19)], [old(20), old(40)]),
  "CM-08": vector([{ without: [".BTF"] }]),
  "CM-09": vector([{ symbols: [{ name: "X", section: ".maps", value: 4 }] }], [TWO]),
  "CM-10": vector([{ mapSymbol: { name: "X" }, relocations: [] }]),
  "CM-11": vector([
    edited({}, (view, elf) => view.setUint8(elf.sections.find(({ name }) => name === ".maps")?.offset ?? 0, 1)),
  ]),
  "CM-12": vector([{ sections: [OLD], symbols: [{ name: "M", section: "maps", size: 20 }], relocations: [] }]),
  "CM-13": vector(
    [map((types) => hashFields(types), { type: () => 1 }), behind(34), behind(0, true)],
    [behind(31), behind(32)],
  ),
  "CM-20": vector(
    [
      fields(({ graph }) => ({ key: graph.ptr(graph.fwd("F")) })),
      fields(({ graph, u32 }) => ({ value: graph.ptr(graph.proto(u32, [])) })),
    ],
    [fields(({ graph }) => ({ key: graph.ptr(0) }))],
  ),
  "CM-21": vector([
    fields(({ graph, u32 }) => {
      const large = graph.array(graph.array(u32, u32, 0xffff_ffff), u32, 0xffff_ffff);
      return { key: graph.ptr(large) };
    }),
  ]),
  "CM-22": vector([deep(32)], [deep(31)]),
  "CM-23": vector(
    [
      ...["type", "map_flags", "map_extra", "pinning"].map((name) => fields(({ u32 }) => ({ [name]: u32 }))),
      ...["key", "value"].map((name) => fields(({ u32 }) => ({ [name]: undefined, [`${name}_size`]: u32 }))),
      fields(({ graph, number }) => ({ max_entries: graph.ref("typedef", number(4), "T") })),
    ],
    [fields(({ graph }) => ({ max_entries: graph.enum("E", [["A", 7]]) }))],
  ),
  "CM-24": vector([fields(({ pointer }) => ({ map_flags: pointer }))]),
  "CM-25": vector([fields(({ graph }) => ({ map_extra: graph.enum("E", []) }))]),
  "CM-26": vector(
    [fields(({ number }) => ({ key_size: number(4) }))],
    [fields(({ number }) => ({ key: undefined, key_size: number(4) }))],
  ),
  "CM-27": vector([fields(({ u32 }) => ({ key: u32 }))]),
  "CM-28": vector(
    [fields(({ number }) => ({ value_size: number(4) }))],
    [fields(({ number }) => ({ value: undefined, value_size: number(4) }))],
  ),
  "CM-29": vector([fields(({ u32 }) => ({ value: u32 }))]),
  "CM-30": vector(
    [outer((types) => inner(types, [["pinning", types.number(0)]]))],
    [OUTER, fields(({ number }) => ({ pinning: number(0) }))],
  ),
  "CM-31": vector([
    map((types) => [
      ["type", types.number(12)],
      ["values", inner(types)],
      ["max_entries", types.number(2)],
    ]),
  ]),
  "CM-32": vector(
    [outer((types) => inner(types), { more: (types) => [["value_size", types.number(8)]] })],
    [outer((types) => inner(types), { more: (types) => [["value_size", types.number(4)]] })],
  ),
  "CM-33": vector([outer(({ pointer }) => pointer), outer(({ graph, u32 }) => graph.array(u32, u32, 2))], [OUTER]),
  "CM-34": vector([outer((types) => inner(types), { type: 1 })], [OUTER, outer((types) => inner(types), { type: 13 })]),
  "CM-35": vector([
    outer((types) => {
      const { graph, u32, number } = types;
      const members = [["type", number(12), 0] as const, ["values", inner(types), 64] as const];
      return graph.array(graph.ptr(graph.struct("Inner", 8, members)), u32, 2);
    }),
  ]),
  "CM-36": vector([outer(proto, { type: 1 })], [outer(proto, { type: 3 })]),
  "CM-37": vector([outer(({ graph, u32, pointer }) => graph.array(pointer, u32, 2))], [OUTER]),
  "CM-38": vector([withSymbol(OUTER, "M", { size: 23n })], [OUTER]),
  "CM-39": vector([withHeader(OUTER, ".maps", { [SH_ALIGN]: 0 })], [OUTER]),
  "CM-40": vector(
    [0, 4, 5, 6, 10].map((type) => ({
      ...OUTER,
      slotRelocations: [[24, "lost"]],
      symbols: [{ name: "lost", section: "xdp", type }],
    })),
    [OUTER],
  ),
  "CM-41": vector(
    [fields(({ number }) => ({ numa_node: number(0) }))],
    [fields(({ number }) => ({ map_extra: number(0) }))],
  ),
};

/** A definition behind so many typedefs, or behind two that are of each other. */
function behind(count: number, isLoop = false): Changes {
  return {
    maps: (types) => {
      const { graph, u32 } = types;
      const type = (definition: number): number => {
        let id = definition;
        for (let i = 0; i < count; i++) id = graph.ref("typedef", id, "T");
        if (!isLoop) return id;
        const before = graph.ptr(u32);
        graph.ref("typedef", before + 2, "T");
        return graph.ref("typedef", before + 1, "U");
      };
      return [{ name: "M", fields: hashFields(types), type }];
    },
  };
}

/** A key behind so many typedefs. */
function deep(count: number): Changes {
  return fields(({ graph, u32 }) => {
    let id = u32;
    for (let i = 0; i < count; i++) id = graph.ref("typedef", id, "T");
    return { key: graph.ptr(id) };
  });
}
