import type { Random } from "../kernel/random.ts";
import { drawObject, hashFields, type MapDraft, type Types } from "../libbpf/draft.ts";

/*
 * Objects whose maps have keys and values of any kind: what the library makes of such types for the kernel is compared byte by byte.
 * Names recur, so that strings are shared; tags are everywhere.
 */

const NAMES = ["a", "b", "cc", "u32", "E", "S", ""];
const TYPES = 14;

/** An INT of which bits are left out, as bitfields were once written. */
function partOf({ graph }: Types, random: Random): number {
  const [bits, bitOffset] = [random.pick([3, 7, 8, 9, 31, 32]), random.pick([0, 0, 1, 8])];
  return graph.add({
    kind: "int",
    nameOff: graph.string("part"),
    size: random.pick([1, 4]),
    bits,
    bitOffset,
    encoding: 0,
  });
}

/** Members one after the other, a few of them bitfields. */
function composite(types: Types, random: Random, type: () => number): number {
  const { graph, u32 } = types;
  const bitfields = random.chance(30);
  const count = random.below(4);
  const members = Array.from({ length: count }, (_, i) => {
    const bits = bitfields && random.chance(60) ? 1 + random.below(31) : 0;
    const of = bits > 0 ? u32 : random.chance(25) ? partOf(types, random) : graph.ptr(type());
    return { nameOff: graph.string(random.pick(NAMES)), type: of, bitOffset: 64 * i, bitfieldSize: bits };
  });
  const kind = random.chance(30) ? "union" : "struct";
  const placed = kind === "struct" ? members : members.map((member) => ({ ...member, bitOffset: 0 }));
  const id = graph.add({
    kind,
    nameOff: graph.string(random.pick(NAMES)),
    size: 8 * count,
    bitfields,
    members: placed,
  });
  if (count > 0 && random.chance(50)) graph.declTag(random.pick(NAMES) || "tag", id, random.below(count));
  if (random.chance(30)) graph.declTag("whole", id);
  if (random.chance(15)) graph.declTag("again", id);
  return id;
}

function enumeration({ graph }: Types, random: Random): number {
  const signed = random.chance(50);
  const nameOff = graph.string(random.pick(NAMES));
  const sign = (): number => (signed && random.chance(60) ? -1 : 1);
  const count = random.below(3);
  const name = (): number => graph.string(random.pick(["A", "B", "u32"]));
  if (random.chance(50)) {
    const values = Array.from({ length: count }, () => {
      const most = random.pick([0, 1, 0x7fff_ffff, ...(signed ? [] : [0x8000_0000, 0xffff_ffff])]);
      return { nameOff: name(), value: (sign() * most) | 0 };
    });
    const read = values.map((one) => ({ ...one, value: signed ? one.value : one.value >>> 0 }));
    return graph.add({ kind: "enum", nameOff, size: random.pick([1, 2, 4, 4, 8]), signed, values: read });
  }
  const values = Array.from({ length: count }, () => {
    const most = random.pick([0n, 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, 1n << 62n]);
    return { nameOff: name(), value: BigInt(sign()) * most };
  });
  return graph.add({ kind: "enum64", nameOff, size: random.pick([8, 8, 8, 4]), signed, values });
}

/** What the kernel takes no pointer to: its words say which type it is then. */
function rare({ graph, u32 }: Types, random: Random, type: () => number): number {
  switch (random.below(7)) {
    case 4: {
      const before = graph.ptr(u32);
      graph.ref("typedef", before + 2, "T");
      return graph.ref("const", before + 1);
    }
    case 5: {
      let id = u32;
      for (let i = random.pick([30, 31, 32, 33, 40]); i > 0; i--) id = graph.ref("const", id);
      return id;
    }
    case 6:
      return graph.declTag("lost", 0);
    case 0: {
      const id = graph.func("f", graph.proto(0, [["p", graph.ptr(type())]]));
      if (random.chance(70)) graph.declTag("param", id, 0);
      if (random.chance(70)) graph.declTag("func", id);
      return id;
    }
    case 1:
      return graph.variable("v", type());
    case 2:
      return graph.datasec("S", 8, [
        [random.pick([graph.variable("w", type()), u32, graph.ref("const", graph.ref("typedef", u32, "T"))]), 0, 4],
      ]);
    default:
      return graph.declTag(
        "lost",
        random.chance(50) ? graph.struct("S", 4, [["a", u32, 0]]) : graph.ref("typedef", u32, "T"),
      );
  }
}

/** One more type, which refers to what there is; pointers also to what is still to come. */
function another(types: Types, random: Random, type: () => number): number {
  const { graph, u32 } = types;
  const name = random.pick(NAMES);
  switch (random.below(14)) {
    case 0:
      return graph.int(name || "i", random.pick([1, 2, 4, 8, 16]), random.pick([0, 1, 2, 4]));
    case 1:
      return graph.float("f", random.pick([2, 4, 8, 16]));
    case 2:
      return graph.ptr(type());
    case 3:
      return graph.array(graph.ptr(type()), u32, random.below(4));
    case 4:
      return graph.add({ kind: "fwd", nameOff: graph.string(name || "F"), union: random.chance(50) });
    case 5: {
      const id = graph.ref("typedef", type(), name || "T");
      if (random.chance(40)) graph.declTag("tag", id);
      return id;
    }
    case 6:
      return graph.ref(random.pick(["const", "volatile", "restrict"] as const), type());
    case 7:
      return graph.ptr(
        graph.add({
          kind: "typeTag",
          nameOff: graph.string(random.pick(["user", "u32"])),
          type: type(),
          attribute: false,
        }),
      );
    case 8:
      return graph.proto(
        random.chance(70) ? 0 : type(),
        Array.from({ length: random.below(3) }, () => [random.pick(NAMES) || "p", graph.ptr(type())] as const),
      );
    case 9:
    case 10:
      return enumeration(types, random);
    case 11:
      return random.chance(20) ? graph.ptr(rare(types, random, type)) : u32;
    default:
      return composite(types, random, type);
  }
}

/** A map of which key and value lead to a random set of types; sometimes one is of no type, and sometimes it is of none that stands for itself. */
function fields(types: Types, random: Random): MapDraft["fields"] {
  const { graph, u32 } = types;
  const made = [u32];
  const type = (): number => (random.chance(10) ? 0 : random.pick(made));
  for (let i = 0; i < TYPES; i++) made.push(another(types, random, type));
  const value = graph.struct(
    "All",
    8 * made.length,
    made.map((id, i) => [`m${i % 5}`, graph.ptr(id), 64 * i] as const),
  );
  const is = random.below(10);
  const key = is === 0 ? 0 : is === 1 ? value : is < 4 ? graph.ref("const", u32) : u32;
  const hasValue = !random.chance(8);
  return hashFields(types).flatMap(([name, id]): MapDraft["fields"] => {
    if (name === "key") return [[name, graph.ptr(key)]];
    if (name === "value") return hasValue ? [[name, graph.ptr(value)]] : [];
    return [[name, id]];
  });
}

/** One object. Some have data sections beside their map, with variables of typedefs and of qualified types. */
export function sentObject(random: Random): Uint8Array {
  const hasData = random.chance(40);
  const bytes = new Uint8Array(24);
  return drawObject({
    maps: (types) => [{ name: "M", fields: fields(types, random) }],
    types: (types) => {
      if (!hasData) return;
      const { graph, u32 } = types;
      const of = [
        () => u32,
        () => graph.ref("typedef", u32, "T"),
        () => graph.ref("const", graph.ref("volatile", u32)),
        () => graph.ref("restrict", u32),
        () => graph.add({ kind: "typeTag", nameOff: graph.string("user"), type: u32, attribute: false }),
        () => graph.struct("S", 4, [["a", u32, 0]]),
      ];
      const entries = ["v", "w", "x"].map((name, i) => {
        const id = graph.variable(name, random.pick(of)(), random.pick([0, 1]));
        if (random.chance(30)) graph.declTag("variable", id);
        return [id, 8 * i, 4] as const;
      });
      graph.datasec(".data", random.pick([0, 24]), entries);
    },
    ...(hasData
      ? {
          sections: [{ name: ".data", bytes }],
          symbols: ["v", "w", "x"].map((name, i) => ({ name, section: ".data", value: 8 * i, size: 4 })),
        }
      : {}),
  });
}
