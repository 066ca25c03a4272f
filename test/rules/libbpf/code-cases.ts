import { type Vector, vector } from "./btf-cases.ts";
import { type Changes, drawObject, hashFields, inSpecialSection, type Types } from "./draft.ts";

const [STATIC, EXTERN] = [0, 2];
const BOOL = 4;
const WEAK = 2;

/** A DATASEC of `.data` with one variable, and the symbol of one. */
export function data(types: (types: Types, entry: number) => void, symbol: Changes["symbols"] = []): Changes {
  return {
    types: (all) => types(all, all.graph.variable("v", all.u32)),
    sections: [{ name: ".data", bytes: new Uint8Array(8) }],
    symbols: symbol,
  };
}

const v = { name: "v", section: ".data", value: 4, size: 4 } as const;
export const section: (size: number) => Parameters<typeof data>[0] =
  (size) =>
  ({ graph }, id) => {
    graph.datasec(".data", size, [[id, 0, 4]]);
  };

export const DATA_CASES: Readonly<Record<string, Vector>> = {
  "LD-01": vector([
    {
      types: ({ graph }) => {
        graph.add({ kind: "datasec", nameOff: 0xffff, size: 4, entries: [] });
      },
    },
  ]),
  "LD-03": vector(
    [
      { types: ({ graph, u32 }) => void graph.datasec(".data", 0, [[graph.variable("v", u32, STATIC), 0, 4]]) },
      {
        types: ({ graph, u32 }) => void graph.datasec(".bss", 0, [[graph.variable("v", u32, STATIC), 0, 4]]),
        sections: [{ name: ".bss", bytes: new Uint8Array(0) }],
      },
    ],
    [data(section(0), [v])],
  ),
  "LD-04": vector(
    [
      { types: ({ graph, u32 }) => void graph.datasec(".data", 4, [[u32, 0, 4]]) },
      { types: ({ graph }) => void graph.datasec(".data", 4, [[0, 0, 4]]) },
    ],
    [data(section(8), [v])],
  ),
  "LD-06": vector(
    [data(section(8)), data(section(8), [{ ...v, binding: 0 }]), data(section(0), [{ ...v, type: 0 }])],
    [
      data(section(8), [{ ...v, binding: WEAK }]),
      { types: ({ graph, u32 }) => void graph.datasec(".data", 4, [[graph.variable("v", u32, STATIC), 0, 4]]) },
    ],
  ),
  "LD-10": vector([
    {
      types: ({ graph, u32 }) => {
        const id = graph.add({ kind: "var", nameOff: 0xffff, type: u32, linkage: 1 });
        graph.datasec(".data", 4, [[id, 0, 4]]);
      },
    },
  ]),
};

/** An extern, undefined in the object. */
export function extern(types: (types: Types) => void, names: readonly string[] = ["x"]): Changes {
  return { types, symbols: names.map((name) => ({ name })) };
}

/** `x` in `.kconfig`, of this type. */
export function config(type: (types: Types) => number): Changes {
  return extern((types) => {
    types.graph.datasec(".kconfig", 0, [[types.graph.variable("x", type(types), EXTERN), 0, 4]]);
  });
}

const ksym = extern(({ graph, u32 }) => void graph.datasec(".ksyms", 0, [[graph.variable("x", u32, EXTERN), 0, 0]]));

export const EXTERN_CASES: Readonly<Record<string, Vector>> = {
  "LF-01": vector(
    [
      extern(() => {}),
      extern(({ graph, u32 }) => void graph.datasec(".ksyms", 0, [[graph.variable("x", u32, STATIC), 0, 0]])),
    ],
    [ksym],
  ),
  "LF-02": vector([extern(({ graph, u32 }) => void graph.variable("x", u32, EXTERN))], [ksym]),
  "LF-03": vector([config(() => 0), config(({ graph }) => graph.fwd("F"))], [config(({ u32 }) => u32)]),
  "LF-09": vector([config(({ graph }) => graph.struct("S", 0, []))]),
  "LF-04": vector([config(({ graph }) => graph.struct("S", 4, [["m", 0, 0]]))]),
  "LF-05": vector(
    [
      config(({ graph }) => graph.struct("S", 4, [])),
      config(({ graph }) => graph.int("three", 3)),
      config(({ graph }) => graph.int("long_bool", 4, BOOL)),
      config(({ graph }) => graph.enum("colour", [["RED", 1]])),
      config(({ graph, u32 }) => graph.array(u32, u32, 4)),
      config(({ graph }) => graph.float("double", 8)),
    ],
    [
      config(({ graph }) => graph.int("bool", 1, BOOL)),
      config(({ graph }) => graph.ref("typedef", graph.int("wide", 8), "T")),
      config(({ graph }) => graph.enum("libbpf_tristate", [["TRI_NO", 0]])),
      config(({ graph, u32 }) => graph.array(graph.int("char", 1), u32, 4)),
    ],
  ),
  "LF-06": vector([
    extern(
      ({ graph, u32 }) => void graph.datasec(".kconfig", 0, [[graph.func("x", graph.proto(u32, []), EXTERN), 0, 0]]),
    ),
  ]),
  "LF-07": vector([
    extern(({ graph, u32 }) => void graph.datasec(".mine", 0, [[graph.variable("x", u32, EXTERN), 0, 0]])),
  ]),
  "LF-08": vector(
    [
      extern(({ graph, u32 }) => {
        graph.datasec(".ksyms", 0, [
          [graph.variable("x", u32, EXTERN), 0, 0],
          [graph.variable("unused", u32, EXTERN), 0, 0],
        ]);
      }),
      extern(({ graph, u32 }) => {
        graph.datasec(".kconfig", 0, [
          [graph.variable("x", u32, EXTERN), 0, 4],
          [graph.variable("unused", u32, EXTERN), 0, 4],
        ]);
      }),
    ],
    [ksym],
  ),
};

/** An object with one struct_ops, whose pointer to a function stands at byte 8, filled by `fill`. */
export function ops(more: {
  readonly type?: (types: Types, ops: number) => number;
  readonly datasec?: string;
  readonly size?: number;
  readonly at?: number;
  readonly fill?: string;
  readonly program?: string;
  readonly offset?: number;
  readonly symbols?: Changes["symbols"];
  readonly again?: boolean;
}): Changes {
  const fill = more.fill ?? "act";
  const at = more.at ?? 8;
  return {
    types: (types) => {
      const { graph, u32 } = types;
      const handler = graph.ptr(graph.proto(u32, []));
      const struct = graph.struct("tcp_congestion_ops", 24, [
        ["flags", u32, 0],
        ["act", handler, 64],
        ["other", handler, 128],
      ]);
      const variable = graph.variable("OPS", more.type?.(types, struct) ?? struct);
      graph.datasec(more.datasec ?? ".struct_ops", 24, [[variable, more.offset ?? 0, 24]]);
    },
    sections: [
      {
        name: more.program ?? "struct_ops/act",
        insns: [
          [0xb7, 0, 0, 0],
          [0x95, 0, 0, 0],
        ],
      },
      {
        name: ".struct_ops",
        bytes: new Uint8Array(more.size ?? 24),
        relocations: [
          { offset: at, type: 2, symbol: fill },
          ...(more.again === true ? [{ offset: 16, type: 2, symbol: fill }] : []),
        ],
      },
    ],
    symbols: [
      { name: "act", section: more.program ?? "struct_ops/act", size: 16 },
      { name: "OPS", section: ".struct_ops", size: 24 },
      ...(more.symbols ?? []),
    ],
  };
}

const kept = [ops({}), ops({ type: ({ graph }, id) => graph.ref("const", id) })];

export const OPS_CASES: Readonly<Record<string, Vector>> = {
  "LO-01": vector([ops({ datasec: ".struct_ops.mine" })], kept),
  "LO-02": vector([ops({ type: () => 0 })], kept),
  "LO-03": vector([ops({ type: ({ graph }) => graph.ptr(0) })], kept),
  "LO-04": vector([ops({ type: ({ u32 }) => u32 })], kept),
  "LO-05": vector([ops({ size: 23 }), ops({ offset: 4 })], kept),
  "LO-06": vector([ops({ at: 24, size: 32 })], kept),
  "LO-07": { broken: [inSpecialSection(ops({}), 2, 0xfff1)], kept: kept.map(drawObject) },
  "LO-08": vector(
    [ops({ fill: "half", symbols: [{ name: "half", section: "struct_ops/act", value: 4, type: 1 }] })],
    kept,
  ),
  "LO-09": vector([ops({ at: 4 })], kept),
  "LO-10": vector([ops({ at: 0 })], kept),
  "LO-11": vector([ops({ fill: "OPS" }), ops({ fill: "nothing", symbols: [{ name: "nothing", type: 1 }] })], kept),
  "LO-12": vector([ops({ program: "tc" }), ops({ fill: "prog" })], [...kept, ops({ program: "struct_ops" })]),
  "LO-13": vector([ops({ again: true })], kept),
};

/** What libbpf gives no answer to; `kept` is always the plain object. */
export const FALL_CASES: Readonly<Record<string, Vector>> = {
  "LC-01": vector([
    withField(() => 999),
    withField(({ graph }) => graph.ref("const", 999)),
    config(({ graph }) => graph.struct("S", 4, [["m", 999, 0]])),
    extern(({ graph }) => {
      graph.datasec(".ksyms", 0, [[graph.variable("x", 999, EXTERN), 0, 0]]);
    }),
    {
      types: ({ graph }) => {
        graph.datasec(".ksyms", 0, [[999, 0, 0]]);
      },
    },
  ]),
  "LC-02": vector([
    extern(({ graph, u32 }) => {
      graph.add({ kind: "var", nameOff: 0xffff, type: u32, linkage: EXTERN });
    }),
  ]),
  "LC-03": vector([
    withField(({ graph }) => graph.ref("typedef", graph.builder.nextId, "Loop")),
    withField(({ graph }) => {
      const first = graph.ref("const", graph.builder.nextId + 1);
      graph.ref("volatile", first);
      return first;
    }),
  ]),
  "LC-05": vector([ops({ offset: 0xffff_ffe8 }), ops({ offset: 0xffff_fff0 })]),
  "LC-04": vector([config(({ graph }) => graph.struct("S", 4, [["m", graph.builder.nextId, 0]]))]),
};

/** The plain map with a number that is of this type. */
function withField(type: (types: Types) => number): Changes {
  return { maps: (types) => [{ name: "M", fields: [...hashFields(types), ["map_flags", type(types)]] }] };
}
