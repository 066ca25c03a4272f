import { type Changes, hashFields, type MapDraft, type Types } from "../libbpf/draft.ts";
import { map, type Vector, vector } from "./draft.ts";

type Fields = MapDraft["fields"];

/** The ordinary hash with fields replaced or added. */
function fields(edit: (types: Types) => Readonly<Record<string, number>>): Changes {
  return map((types): Fields => [...new Map([...hashFields(types), ...Object.entries(edit(types))])]);
}

/** An array with sizes only. */
function sized(type: number, keySize: number, valueSize: number): Changes {
  return map(({ number }) => [
    ["type", number(type)],
    ["key_size", number(keySize)],
    ["value_size", number(valueSize)],
    ["max_entries", number(1)],
  ]);
}

function data(second: number): Changes {
  return {
    sections: [{ name: ".data", bytes: new Uint8Array(8) }],
    symbols: [
      { name: "v", section: ".data", size: 4 },
      { name: "w", section: ".data", value: second, size: 4 },
    ],
  };
}

function old(size: number, last: number): Changes {
  const bytes = new Uint8Array(size);
  bytes.set([1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1]);
  bytes[size - 1] = last;
  return { sections: [{ name: "maps", bytes }], symbols: [{ name: "old", section: "maps", size }] };
}

function value(make: (types: Types) => number): Changes {
  return fields((types) => ({ value: types.graph.ptr(make(types)) }));
}

/** A letter of Latin-1 alone is no UTF-8, but one to the kernel, which is given the bytes as they are. */
const latin1 = (letter: number): Changes => ({
  ...value(({ graph, u32 }) => graph.struct("A?B", 4, [["a", u32, 0]])),
  blob: (bytes) => bytes.map((byte) => (byte === 0x3f ? letter : byte)),
});
/** A name with a byte order mark: a character as any other. */
const marked = value(({ graph, u32 }) => graph.struct("\u{feff}S", 4, [["a", u32, 0]]));

/** A struct with a pointer to this. */
function pointing(graph: Types["graph"], id: number): number {
  return graph.struct("P", 8, [["p", graph.ptr(id), 0]]);
}

/** An array of maps that says its maps are of maps as well, with values of that size. */
function holding(type: number, size: number): Changes {
  return map(
    ({ graph, u32, pointer, number }): Fields => {
      const inner = graph.struct("Inner", 32, [
        ["type", number(type), 0],
        ["key", pointer, 64],
        ["value_size", number(size), 128],
        ["max_entries", number(1), 192],
      ]);
      const values = graph.array(graph.ptr(inner), u32, 1);
      return [
        ["type", number(12)],
        ["key", pointer],
        ["max_entries", number(1)],
        ["values", values],
      ];
    },
    { slots: 8 },
  );
}

const outer = (type: number): Changes => sized(type, 4, 4);

export const LOAD_CASES: Readonly<Record<string, Vector>> = {
  "CL-01": vector(
    [
      value(({ graph }) =>
        graph.add({
          kind: "enum64",
          nameOff: graph.string("E"),
          size: 4,
          signed: false,
          values: [{ nameOff: graph.string("A"), value: 1n << 32n }],
        }),
      ),
    ],
    [
      value(({ graph }) =>
        graph.add({
          kind: "enum64",
          nameOff: graph.string("E"),
          size: 4,
          signed: false,
          values: [{ nameOff: graph.string("A"), value: 1n }],
        }),
      ),
    ],
  ),
  "CL-02": vector([data(2)], [data(4)]),
  "CL-03": vector(
    [fields(({ number }) => ({ pinning: number(2) }))],
    [fields(({ number }) => ({ pinning: number(1) }))],
  ),
  "CL-04": vector([outer(12), outer(13)]),
  "CL-05": vector([old(24, 1)], [old(24, 0)]),
  "CL-06": vector([holding(12, 8), holding(13, 8)]),
  "CL-07": vector([sized(4, 8, 4)], [sized(4, 4, 4), sized(4, 0, 0)]),
  "CL-08": vector([sized(4, 4, 8)]),
  "CL-09": vector([sized(0x1000_0001, 4, 4), sized(0x2000_0000, 4, 4)], [sized(2, 4, 4)]),
  "CL-11": vector([sized(1, 0, 4), sized(27, 4, 4), sized(12345, 4, 4)], [sized(2, 4, 4), sized(5, 4, 4)]),
  "CL-12": vector(
    [value(({ graph, u32 }) => pointing(graph, graph.declTag("tag", graph.ref("typedef", u32, "T"))))],
    [
      value(({ graph, u32 }) => {
        const typedef = graph.ref("typedef", u32, "T");
        graph.declTag("tag", typedef);
        return pointing(graph, typedef);
      }),
    ],
  ),
  "CL-10": vector(
    [
      latin1(0x80),
      marked,
      value(({ graph, u32 }) => graph.struct("Option<u64>", 4, [["a", u32, 0]])),
      value(({ graph, u32 }) =>
        graph.struct("S", 8, [
          ["b", u32, 32],
          ["a", u32, 0],
        ]),
      ),
    ],
    [latin1(0xc6)],
  ),
};
