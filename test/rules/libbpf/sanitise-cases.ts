import { recordSize } from "../../../src/btf/kind.ts";
import type { BtfType } from "../../../src/btf/model.ts";
import { parseBtf } from "../../../src/btf/parse.ts";
import { type Changes, drawObject, type Types } from "./draft.ts";

/** Objects with the kinds that libbpf puts others in the place of, each in several forms and in the company of others. */

const HEADER = 24;
const DATA = { name: ".data", bytes: new Uint8Array(8) } as const;

/** A typedef of the type, so that something refers to it. */
function named({ graph }: Types, type: BtfType, name = "Named"): void {
  graph.ref("typedef", graph.add(type), name);
}

const floats = (types: Types): void => {
  for (const size of [4, 8, 16]) named(types, { kind: "float", nameOff: types.graph.string(`float${size}`), size });
  named(types, { kind: "float", nameOff: 0, size: 2 });
};

const declTags = ({ graph, u32 }: Types): void => {
  const struct = graph.struct("Tagged", 8, [
    ["a", u32, 0],
    ["b", u32, 32],
  ]);
  graph.declTag("of all", struct);
  graph.declTag("of b", struct, 1);
  graph.declTag("", graph.func("tagged", graph.proto(u32, [["argument", u32]])), 0);
};

const typeTags = ({ graph, u32 }: Types): void => {
  for (const name of ["user", "", "rcu"]) {
    const tag = graph.add({ kind: "typeTag", nameOff: graph.string(name), type: u32, attribute: false });
    graph.ptr(tag);
  }
};

const enums = (types: Types): void => {
  const { graph } = types;
  const values = [-1, 0, 7, -0x8000_0000].map((value) => ({ nameOff: graph.string(`V${value}`), value }));
  for (const size of [1, 2, 4, 8])
    named(types, { kind: "enum", nameOff: graph.string(`E${size}`), size, signed: true, values });
  named(types, { kind: "enum", nameOff: graph.string("Plain"), size: 4, signed: false, values: values.slice(1, 3) });
  named(types, { kind: "enum", nameOff: 0, size: 4, signed: true, values: [] });
};

const enums64 = (types: Types): void => {
  const { graph } = types;
  for (const [name, signed, numbers] of [
    ["Wide", false, [0n, 1n << 63n, (1n << 64n) - 1n]],
    ["Below", true, [-1n]],
  ] as const) {
    const values = numbers.map((value, index) => ({ nameOff: graph.string(`${name}${index}`), value }));
    named(types, { kind: "enum64", nameOff: graph.string(name), size: 8, signed, values });
  }
  named(types, { kind: "enum64", nameOff: 0, size: 4, signed: false, values: [] });
};

/** A DATASEC of that name without variables others see. */
const section =
  (name: string) =>
  ({ graph, u32 }: Types): void => {
    graph.datasec(name, 8, [[graph.variable("hidden", u32, 0), 0, 4]]);
  };

const everything = (types: Types): void => {
  for (const add of [enums64, floats, declTags, section("?named"), typeTags, enums]) add(types);
};

const placeholder = (types: Types): void => {
  types.graph.int("enum64_placeholder", 4);
  enums64(types);
};

const KINDS = [
  floats,
  declTags,
  typeTags,
  enums,
  enums64,
  placeholder,
  everything,
  section("?"),
  section("?.mine"),
  section("a?"),
  section("??"),
];

/** A FUNC and a VAR that no other object may see, which become static before anything else is done. */
const hidden: Changes = {
  types: (types) => {
    const { graph, u32 } = types;
    everything(types);
    graph.func("shy", graph.proto(u32, []));
    graph.datasec(".data", 0, [[graph.variable("v", graph.float("f", 4)), 0, 4]]);
  },
  sections: [
    DATA,
    {
      name: ".text",
      insns: [
        [0xb7, 0, 0, 0],
        [0x95, 0, 0, 0],
      ],
    },
  ],
  symbols: [
    { name: "v", section: ".data", value: 4, size: 4, visibility: 2 },
    { name: "shy", section: ".text", size: 16, visibility: 2 },
  ],
};

/** Sets bits of `info` that libbpf does not look at in every second type, and in the others. */
function strayed(bytes: Uint8Array, view: DataView, first: number, bits: number): undefined {
  const { types } = parseBtf(bytes);
  let at = HEADER;
  for (const [index, type] of types.entries()) {
    if (index % 2 === first) view.setUint32(at + 4, (view.getUint32(at + 4, true) | bits) >>> 0, true);
    at += recordSize(type);
  }
}

const STRAYED: readonly Changes[] = [{ types: everything }, hidden].flatMap((changes) =>
  [0, 1].flatMap((first) =>
    [1 << 16, 1 << 23, 3 << 29].map((bits) => ({
      ...changes,
      blob: (bytes: Uint8Array, view: DataView) => strayed(bytes, view, first, bits),
    })),
  ),
);

export const SANITISE_OBJECTS: readonly Uint8Array[] = [...KINDS.map((types) => ({ types })), hidden, ...STRAYED].map(
  drawObject,
);
