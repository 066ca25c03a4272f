import { EXIT, type Insn, move, type ObjectSymbol } from "../../object.ts";
import type { Random } from "../kernel/random.ts";
import { drawObject, LOAD, LOAD_REST, type Types } from "../libbpf/draft.ts";
import { edited, ext, SH_ALIGN, SH_FLAGS, SH_TYPE, withHeader } from "./draft.ts";

/* Objects with sections that hold no code made of values at edges: those of variables, the virtual ones, headers, `.BTF` and `.BTF.ext`. */

export const SYMBOL_TYPES: readonly number[] = [0, 1, 1, 1, 2, 3, 4, 5, 6, 10];
export const BINDINGS: readonly number[] = [0, 1, 1, 1, 2, 3];

/** One of odd values and kind. */
export function symbol(random: Random, section: string, names: readonly string[]): ObjectSymbol {
  return {
    name: random.pick(names),
    section,
    value: random.pick([0, 0, 4, 6, 8]),
    size: random.pick([0, 4, 4, 4, 8]),
    type: random.pick(SYMBOL_TYPES),
    binding: random.pick(BINDINGS),
    visibility: random.chance(70) ? 0 : random.below(4),
  };
}

/** So many at most, or none. */
export function several<T>(random: Random, most: number, make: () => T): readonly T[] {
  return Array.from({ length: random.below(most + 1) }, make);
}

/** Types of what a variable may be, sized and not. */
export function variableType({ graph, u32 }: Types, random: Random): number {
  switch (random.below(16)) {
    case 0:
      return graph.int("wide", random.pick([1, 2, 3, 8, 16]));
    case 1:
      return graph.array(u32, u32, random.pick([0, 1, 3]));
    case 2:
      return graph.array(graph.array(graph.ref("const", u32), u32, 2), u32, random.pick([1, 0xffff_ffff]));
    case 3:
      return graph.enum("E", [["A", 1]], random.pick([1, 4, 8]));
    case 4:
      return graph.enum64("L", [["A", 1n]]);
    case 5:
      return graph.struct("S", random.pick([0, 4, 8]), [["a", u32, 0]]);
    case 6:
      return random.pick([() => graph.float("f", 8), () => graph.fwd("F"), () => 0, () => graph.ptr(0)])();
    case 7: {
      let id = u32;
      for (let i = random.pick([1, 30, 31, 32, 33, 34]); i > 0; i--) id = graph.ref("typedef", id, "T");
      return id;
    }
    case 8:
      return graph.proto(u32, []);
    case 9:
      return graph.ref(random.pick(["const", "volatile", "restrict"] as const), u32);
    default:
      return u32;
  }
}

const SECTION_NAMES = [
  ".data",
  ".data",
  ".bss",
  ".rodata",
  ".rodata.str1.1",
  ".data.x",
  "data",
  ".datax",
  "maps",
  "mapsx",
];

/** A section of variables with symbols, a DATASEC of it or none, and code that refers to it or not. */
export function dataSection(random: Random): Uint8Array {
  const name = random.pick(SECTION_NAMES);
  const symbols = several(random, 3, () => symbol(random, name, ["v", "w", "x", ".v"]));
  const referred = symbols.length > 0 && random.chance(40) ? random.pick(symbols) : undefined;
  const object = drawObject({
    sections: [{ name, bytes: new Uint8Array(random.pick([0, 8, 8, 8, 40])) }],
    symbols,
    types: (types) => {
      if (random.chance(30)) return;
      const { graph } = types;
      const label = random.pick([name, name, name, `${name}___v`, "___v", "other"]);
      const entries = several(random, 3, () => {
        const id = random.chance(90)
          ? graph.variable(random.pick(["v", "v", "w", "x", "", ".v"]), variableType(types, random), random.below(3))
          : types.u32;
        return [id, random.pick([0, 0, 4, 8]), random.pick([4, 4, 4, 0, 8])] as const;
      });
      graph.datasec(label, random.pick([0, 8, 8]), entries);
      if (random.chance(20)) graph.datasec(random.pick([name, `${name}___v`]), 8, []);
    },
    ...(referred === undefined ? {} : { relocations: [[0, referred.name]] }),
  });
  if (random.chance(70)) return object;
  return withHeader(object, name, { [SH_TYPE]: random.pick([1, 7, 8, 9, 0]) });
}

/** `.ksyms` and `.kconfig`, and code that refers to what is in them or not. */
export function virtual(random: Random): Uint8Array {
  const names = ["k", "LINUX_KERNEL_VERSION", "f"];
  const types = (all: Types): void => {
    const { graph, u32 } = all;
    for (const label of [".kconfig", ".ksyms"]) {
      if (random.chance(30)) continue;
      const isConfig = label === ".kconfig";
      const entries = several(random, 3, () => {
        const name = random.pick(names);
        const kind = random.below(12);
        const id =
          kind === 0
            ? graph.func(name, graph.proto(u32, []), random.pick([0, 1, 2]))
            : kind === 1
              ? random.pick([u32, graph.ptr(0), graph.ref("const", 0)])
              : graph.variable(name, isConfig ? variableType(all, random) : random.pick([0, 0, 0, u32]), 2);
        return [id, 0, random.pick([0, 4])] as const;
      });
      graph.datasec(random.pick([label, label, label, `${label}___v`]), 0, entries);
      if (random.chance(15)) graph.datasec(random.pick([label, `${label}___w`]), 0, []);
    }
  };
  const name = random.pick(names);
  const used: ObjectSymbol = { name, type: random.pick([0, 0, 0, 1, 2]), binding: random.pick([1, 1, 1, 2, 0, 3]) };
  const first: Insn = random.pick([LOAD, LOAD, [0x85, 0x10, 0, -1], [0x85, 0x20, 0, -1], [0x85, 0, 0, 3], move(1, 0)]);
  const rest = first[0] === 0x18 ? [LOAD_REST] : [];
  return drawObject({
    types,
    insns: [first, ...rest, move(0, 0), EXIT],
    symbols: [used],
    relocations: random.chance(80) ? [[0, name]] : [],
  });
}

/** Words of a section's header that are read: type, flags, size, link, info, alignment, size of entries. */
const HEADER_WORDS = [SH_TYPE, SH_FLAGS, SH_ALIGN, 0, 32, 36, 40, 44, 56];

/** A word of a header at an edge. */
export function sectionHeaders(random: Random): Uint8Array {
  const base = drawObject({
    sections: [
      { name: random.pick(["version", "versions"]), bytes: new Uint8Array(random.pick([0, 3, 4, 24])) },
      { name: ".data", bytes: Uint8Array.of(random.pick([1, 2, 3]), ...new Uint8Array(23)) },
      { name: ".struct_ops", bytes: new Uint8Array(random.below(2)) },
    ],
    symbols: [{ name: "v", section: ".data", size: 4 }],
    types: ({ graph, u32 }) => void graph.datasec(".data", random.pick([0, 24]), [[graph.variable("v", u32), 0, 4]]),
    ext: ext({ func: [8, 1, 1, 0, 1], line: [16] }),
    without: random.chance(70) ? [".struct_ops"] : [],
  });
  const name = random.pick([
    "xdp",
    ".maps",
    "license",
    ".BTF",
    ".BTF.ext",
    "version",
    "versions",
    ".data",
    ".symtab",
    ".relxdp",
  ]);
  return edited(base, (view, elf) => {
    const index = elf.sections.findIndex((section) => section.name === name);
    if (index < 0) return;
    const at = elf.sectionHeaders + 64 * index;
    const place = random.pick(HEADER_WORDS);
    const before = view.getUint32(at + place, true);
    const flags = [before | 0x800, before | 0x802, before & ~2, before ^ 4];
    const types = [0, 1, 3, 7, 8, 9, 4];
    const numbers = [0, 1, 8, before - 1, before + 1, before + 8, 24];
    const value = random.pick(place === SH_FLAGS ? flags : place === SH_TYPE ? types : numbers);
    view.setUint32(at + place, value >>> 0, true);
  });
}

/** `.BTF.ext` of a few records, with a word or two at an edge. */
export function extWords(random: Random): Uint8Array {
  const lists = {
    func: [8, 1, 1, 0, random.pick([12, 11, 1, 999])],
    line: [16, 1, 1, 0, 1, 1, 0],
    core: random.chance(50) ? [16, 1, 1, 0, 1, random.pick([1, 2, 5]), 0] : [],
  };
  const bytes = ext(lists);
  const view = new DataView(bytes.buffer);
  for (let i = random.below(3); i > 0; i--) {
    const at = 4 * random.below(bytes.length / 4);
    const before = view.getUint32(at, true);
    view.setUint32(
      at,
      random.pick([before + 1, before - 1, before + 4, before - 4, before + 8, 0, 12, 24, 256, 257]) >>> 0,
      true,
    );
  }
  return drawObject({ ext: random.chance(80) ? bytes : bytes.subarray(0, bytes.length - random.below(20)) });
}

/** A word of the object's BTF at an edge: of its header, or of a record. */
export function blobWords(random: Random): Uint8Array {
  return drawObject({
    types: ({ graph, u32 }) => {
      const id = graph.struct("S___v", 8, [["a___v", u32, 0]]);
      graph.declTag("tag", id, random.pick([-1, 0, 1]));
      const f = graph.func("f", graph.proto(u32, [["p", u32]]));
      graph.declTag("tag", f, random.pick([-1, 0, 1, -2]));
      const e = graph.enum("E", [
        ["A", 1],
        ["B", 2],
      ]);
      const l = graph.enum64("L", [
        ["A", 1n],
        ["B", 2n],
      ]);
      const entry = random.pick([f, graph.variable("v", id), graph.variable("v", e), graph.variable("v", l)]);
      graph.datasec(random.pick([".ksyms", ".kconfig"]), 0, [[entry, 0, 8]]);
    },
    blob: (bytes, view) => {
      const end = random.chance(30) ? 24 : 24 + view.getUint32(16, true);
      const at = 4 * random.below(end / 4);
      const before = view.getUint32(at, true);
      const value = random.pick([
        before + 1,
        before - 1,
        before + 4,
        before - 4,
        before ^ 0x8000_0000,
        before + 0x100,
        0,
        32,
        999,
      ]);
      view.setUint32(at, value >>> 0, true);
      return bytes;
    },
  });
}

const ACCESSORS = [
  "0",
  "0:1",
  "0:",
  ":0",
  "a",
  "0:x",
  "2147483647",
  "2147483648",
  "0:4294967296",
  "-1",
  "+1",
  " 1",
  "007",
  "0:1:2:3",
  "",
];

/** A CO-RE relocation with an accessor of that text. */
export function accessors(random: Random): Uint8Array {
  const text = random.pick(ACCESSORS);
  const bytes = drawObject({
    types: ({ graph }) => void graph.string(text),
    ext: ext({ func: [8], line: [16], core: [16, 1, 1, 0, random.pick([1, 1, 0, 12, 999]), 0, 0] }),
  });
  return edited(bytes, (view, elf) => {
    const btf = elf.sections.find(({ name }) => name === ".BTF");
    const records = elf.sections.find(({ name }) => name === ".BTF.ext");
    if (btf === undefined || records === undefined) return;
    const strings = 24 + view.getUint32(btf.offset + 16, true);
    const at = Buffer.from(btf.bytes.subarray(strings)).indexOf(`\0${text}\0`) + 1;
    view.setUint32(records.offset + records.size - 8, text === "" ? 0 : at, true);
  });
}

/** More lines than the library reads at once, or fewer than are said to be there. */
export function manyLines(random: Random): Uint8Array {
  const said = random.pick([1, 2, 1023, 1024, 1025, 2049]);
  const lines = Array.from({ length: random.pick([said, said, said - 1, said - 2, 1024]) }, () => [0, 1, 1, 0]);
  if (random.chance(40))
    for (let i = random.below(3); i >= 0; i--) lines[random.below(lines.length)]?.splice(0, 1, 4 * random.below(9));
  const line = [16, 1, said, ...lines.flat()];
  const cut = random.chance(30) ? random.below(20) : 0;
  const whole = ext({ func: [8], line });
  return drawObject({ ext: whole.subarray(0, whole.length - cut) });
}

/** A tag of a type of any kind, at any component, which the map's value leads to. */
export function tags(random: Random): Uint8Array {
  return drawObject({
    types: (types) => {
      const { graph, u32 } = types;
      const proto = graph.proto(u32, random.pick([[], [["p", u32] as const]]));
      const makes = [
        () => graph.struct(random.pick(["S", ""]), 4, [["a", u32, 0]]),
        () => graph.union("U", 4, []),
        () => graph.func("f", random.chance(80) ? proto : u32),
        () => graph.func("f", proto),
        () => graph.variable("k", 0, 2),
        () => graph.ref("typedef", u32, "T"),
        () => proto,
        () => graph.int("i", 4),
        () => graph.enum("E", []),
        () => graph.float("f", 4),
        () => graph.fwd("F"),
      ];
      const id = random.pick(makes)();
      for (let i = random.below(3); i >= 0; i--) graph.declTag("tag", id, random.pick([-1, -1, 0, 1, -2]));
      const isReferred = random.chance(50);
      const entry = isReferred ? graph.variable("v", graph.ptr(id)) : id;
      graph.datasec(random.pick([".ksyms", ".kconfig", ".struct_ops.link"]), 8, [[entry, 0, 8]]);
    },
    sections: random.chance(50) ? [] : [{ name: ".struct_ops.link", bytes: new Uint8Array(8) }],
  });
}
