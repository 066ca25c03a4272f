import { EXIT, type Insn, move } from "../../object.ts";
import type { Random } from "../kernel/random.ts";
import { type Changes, drawObject, hashFields, type MapDraft, type Types } from "../libbpf/draft.ts";
import { SH_ALIGN, SH_TYPE, withHeader } from "./draft.ts";
import {
  accessors,
  BINDINGS,
  blobWords,
  dataSection,
  extWords,
  manyLines,
  SYMBOL_TYPES,
  sectionHeaders,
  several,
  symbol,
  tags,
  variableType,
  virtual,
} from "./odd-sections.ts";

/*
 * Objects with one part made of values at edges: data sections, virtual sections, definitions of maps, code, struct_ops, section headers and
 * `.BTF.ext`. Most are near to what is taken, on either side.
 */

const FIELDS = [
  ...["type", "key", "value", "max_entries", "map_flags", "key_size", "value_size", "map_extra", "numa_node"],
  ...["pinning", "values", "other"],
];

function fieldType(types: Types, name: string, random: Random): number {
  const { graph, u32, pointer, number } = types;
  if (random.chance(10))
    return random.pick([() => u32, () => 0, () => pointer, () => graph.ref("typedef", pointer, "T")])();
  switch (name) {
    case "type":
      return number(random.pick([1, 1, 2, 3, 4, 5, 12, 13, 27, 33]));
    case "key":
    case "value":
      return random.chance(60) ? pointer : graph.ptr(variableType(types, random));
    case "values": {
      const fields = several(random, 4, () => random.pick(FIELDS));
      const target = random.pick([
        () => graph.proto(u32, []),
        () =>
          graph.struct(
            "Inner",
            8 * fields.length,
            fields.map((field, i) => [field, fieldType(types, field, random), 64 * i]),
          ),
        () => u32,
        () => 0,
      ])();
      return random.chance(90) ? graph.array(graph.ptr(target), u32, random.below(3)) : graph.ptr(target);
    }
    default:
      if (random.chance(70)) return number(random.pick([0, 0, 1, 4, 8, 0xffff_ffff]));
      if (random.chance(50)) return graph.enum("N", random.chance(80) ? [["A", random.pick([0, 4, 0x1000_0000])]] : []);
      return graph.enum64("L", [["A", random.pick([4n, 0x1_0000_0004n, (1n << 64n) - 1n])]]);
  }
}

/** A definition with fields left out, twice or of odd types, and slots that are filled. */
function definition(random: Random): Uint8Array {
  const isOuter = random.chance(50);
  const fields = (types: Types): MapDraft["fields"] => {
    const plain = isOuter
      ? ([
          ["type", types.number(random.pick([3, 12, 13]))],
          ["key", types.pointer],
          ["max_entries", types.number(2)],
          ["values", fieldType(types, "values", random)],
        ] as const)
      : hashFields(types);
    const kept = plain.filter(() => random.chance(88));
    const more = several(random, isOuter ? 1 : 2, () => {
      const name = random.pick(FIELDS);
      return [name, fieldType(types, name, random)] as const;
    });
    return random.chance(50) ? [...more, ...kept] : [...kept, ...more];
  };
  const slots = random.pick([0, 4, 8, 16, 24]);
  const first = 24;
  const object = drawObject({
    maps: (types) => [{ name: random.pick(["M", "M-x", "M.y_z", "averyverylongname"]), fields: fields(types), slots }],
    relocations: [],
    ...(isOuter
      ? {
          slotRelocations: several(
            random,
            3,
            () => [first + random.pick([-8, 0, 4, 8, 16, 24]), random.pick(["o", "prog", "sub", "p"])] as const,
          ),
          sections: [{ name: ".text", insns: [move(0, 0), EXIT] }],
          symbols: [
            { name: "o", section: "xdp", type: random.pick(SYMBOL_TYPES), value: 8 },
            { name: "sub", section: ".text", size: 16, type: random.pick([0, 2]) },
            { name: "p", type: random.pick([0, 1, 6]) },
          ],
        }
      : {}),
  });
  return random.chance(80) ? object : withHeader(object, ".maps", { [SH_ALIGN]: random.pick([0, 1, 4, 16]) });
}

/** Old-style definitions. */
function oldMaps(random: Random): Uint8Array {
  const bytes = new Uint8Array(48);
  bytes.set([random.pick([1, 2, 12]), 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1]);
  if (random.chance(40)) bytes[random.pick([16, 19, 20, 23, 24, 40])] = 1;
  const name = random.pick(["maps", "maps/x", "mapsy"]);
  return drawObject({
    sections: [{ name, bytes }],
    symbols: several(random, 2, () => ({
      ...symbol(random, name, ["old", "older", "M", "a-b"]),
      value: random.pick([0, 0, 20, 24, 28]),
      size: random.pick([0, 4, 16, 19, 20, 20, 21, 24, 28]),
    })),
    types: (types) => {
      if (random.chance(80)) return;
      const { graph } = types;
      graph.datasec(name, 20, [
        [random.chance(50) ? types.u32 : graph.ref("typedef", graph.variable("old", types.u32), "T"), 0, 20],
      ]);
    },
  });
}

const CODE: readonly Insn[] = [
  [0x85, 0x10, 0, -1],
  [0x85, 0x10, 0, 1],
  [0x85, 0x10, 0, -3],
  [0x85, 0, 0, 5],
  [0x85, 0x20, 0, -1],
  [0x85, 0x20, 0, 5],
  [0x8d, 0x10, 0, 0],
  [0x18, 0x41, 0, 0],
  [0x18, 0x41, 0, -2],
  [0x18, 0x41, 0, 8],
  [0x18, 1, 0, 0],
  [0x18, 0x11, 0, 0],
  [0x18, 0x21, 0, 4],
  move(0, 0),
  [0, 0, 0, 0],
  [0x61, 1, 0, 0],
  [0x05, 0, 0, 0],
];

/** Code that calls and loads functions, with relocations and by distance. */
function code(random: Random): Uint8Array {
  const insns = (): readonly Insn[] => [
    ...several(random, 2, () => random.pick(CODE)).flatMap((insn): readonly Insn[] =>
      insn[0] === 0x18 && random.chance(92) ? [insn, [0, 0, 0, random.pick([0, 0, 0, -1])]] : [insn],
    ),
    ...(random.chance(95) ? [move(0, 0), EXIT] : []),
  ];
  const other = random.pick([".text", ".text", "xdp/b", "kprobe/x", "?struct_ops/x"]);
  const more = several(random, 2, () => ({
    ...symbol(random, random.pick([other, "xdp"]), ["sub", "sub2", "prog", "M2"]),
    value: random.pick([0, 8, 16, 24]),
    size: random.pick([0, 8, 12, 16, 24, 40]),
  }));
  const first = insns();
  return drawObject({
    insns: first,
    sections: [{ name: other, insns: insns() }],
    program: {
      ...(random.chance(15) ? { type: random.pick(SYMBOL_TYPES) } : {}),
      ...(random.chance(15) ? { size: 8 * random.below(4) } : {}),
    },
    symbols: [{ name: "sub", section: other, size: 16, type: random.pick([2, 2, 2, 0]) }, ...more],
    relocations: several(
      random,
      2,
      () => [8 * random.below(3), random.pick(["sub", "sub", "M", "prog", ...more.map(({ name }) => name)])] as const,
    ),
    ...(random.chance(20) ? { mapSymbol: { binding: random.pick(BINDINGS), type: random.pick(SYMBOL_TYPES) } } : {}),
  });
}

const LINK = ".struct_ops.link";

function structOps(random: Random): Uint8Array {
  const section = random.pick([
    "struct_ops/run",
    "?struct_ops/run",
    "struct_ops.s/run",
    "struct_ops",
    "struct_opsx",
    ".text",
    "xdp",
  ]);
  const changes: Changes = {
    types: (types) => {
      const { graph, u32 } = types;
      const pointer = graph.ptr(graph.proto(u32, []));
      const struct = graph.struct("Ops", random.pick([8, 8, 8, 16]), [
        ["run", pointer, random.pick([0, 0, 64])],
        ["n", u32, 64],
      ]);
      const entries = several(random, 2, () => {
        const variable = graph.variable(random.pick(["ops", "ops2", "M"]), random.chance(85) ? struct : u32);
        return [random.chance(95) ? variable : u32, random.pick([0, 0, 8, 9]), 8] as const;
      });
      if (random.chance(92))
        graph.datasec(random.chance(90) ? LINK : `${LINK}___v`, random.pick([16, 16, 16, 0]), entries);
    },
    sections: [
      {
        name: LINK,
        bytes: new Uint8Array(16),
        relocations: several(random, 2, () => ({
          offset: 8 * random.below(3),
          symbol: random.pick(["run", "run", "prog", "lost"]),
          type: 2,
        })),
      },
      ...(section === "xdp" ? [] : [{ name: section, insns: [move(0, 0), EXIT] }]),
    ],
    symbols: [
      { name: "run", section, size: 16, value: section === "xdp" ? 8 : 0 },
      { name: "lost", ...(random.chance(50) ? { section: LINK } : {}) },
    ],
  };
  const object = drawObject(changes);
  return random.chance(85) ? object : withHeader(object, LINK, { [SH_TYPE]: random.pick([8, 7, 0]) });
}

const FAMILIES = {
  dataSection,
  virtual,
  definition,
  oldMaps,
  code,
  structOps,
  sectionHeaders,
  extWords,
  blobWords,
  accessors,
  manyLines,
  tags,
};

/** One object, and of which kind it is. */
export function oddObject(random: Random): { readonly family: string; readonly bytes: Uint8Array } {
  const [family, make] = random.pick(Object.entries(FAMILIES));
  return { family, bytes: make(random) };
}
