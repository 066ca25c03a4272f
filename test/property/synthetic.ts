import fc from "fast-check";
import { Graph } from "../graph.ts";
import { buildObject, EXIT, type Insn, move, type ObjectSymbol } from "../object.ts";
import { type Die, writeDwarf } from "./dwarf-writer.ts";

/** A type of a key or value, as the generator means it; both debug info and BTF are written from it. */
export type ModelType =
  | { readonly kind: "base"; readonly name: string; readonly size: number; readonly encoding: number }
  | { readonly kind: "array"; readonly of: ModelType; readonly length: number }
  | {
      readonly kind: "struct";
      readonly name: string;
      readonly members: readonly ModelType[];
      readonly reversed: boolean;
    };

export interface ModelMap {
  readonly name: string;
  readonly type: number;
  readonly entries: number;
  readonly flags: number | undefined;
  readonly key: ModelType;
  readonly value: ModelType;
  /** Newtypes from the definition outwards, by the name of their member. */
  readonly wrappers: readonly string[];
  readonly private: boolean;
  readonly legacy: boolean;
}

const BASES = [
  ["u8", 1, 7],
  ["u16", 2, 7],
  ["u32", 4, 7],
  ["u64", 8, 7],
  ["i32", 4, 5],
  ["char", 4, 16],
] as const;

/** DW_ATE_signed, DW_ATE_unsigned, and DW_ATE_UTF, of which LLVM makes no type. */
const SIGNED = 5;
const UNSIGNED = 7;
const UTF = 16;
/** An id that no object has. */
const GARBAGE = 0x7fff_0000;
/** Bytes of the longest `bpf_map_def`. */
const LEGACY_SIZE = 28;

const base: fc.Arbitrary<ModelType> = fc
  .constantFrom(...BASES)
  .map(([name, size, encoding]) => ({ kind: "base", name, size, encoding }));

const type: fc.Arbitrary<ModelType> = fc.letrec<{ type: ModelType }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    base,
    fc.record({ kind: fc.constant("array" as const), of: tie("type"), length: fc.integer({ min: 1, max: 4 }) }),
    fc.record({
      kind: fc.constant("struct" as const),
      name: fc.constantFrom("Plain", "Pair<u8, u16>", "krate::Deep", "Größe", `Long<${"x".repeat(140)}>`),
      members: fc.array(tie("type"), { minLength: 1, maxLength: 4 }),
      reversed: fc.boolean(),
    }),
  ),
})).type;

/** Kinds that take keys and values of any type. */
const TYPES = [1, 5, 9, 10];

export const modelMaps: fc.Arbitrary<readonly ModelMap[]> = fc
  .array(
    fc.record({
      type: fc.constantFrom(...TYPES),
      entries: fc.integer({ min: 1, max: 1 << 20 }),
      flags: fc.option(fc.constantFrom(0, 1), { nil: undefined }),
      key: type,
      value: type,
      wrappers: fc.array(fc.constantFrom("__0", "value", "def"), { maxLength: 4 }),
      private: fc.boolean(),
      legacy: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((maps) => maps.map((map, index) => ({ ...map, name: `MAP_${index}` })));

export function sizeOf(model: ModelType): number {
  switch (model.kind) {
    case "base":
      return model.size;
    case "array":
      return model.length * sizeOf(model.of);
    case "struct":
      return model.members.reduce((sum, member) => sum + sizeOf(member), 0);
  }
}

/** Members with their offsets in bytes, in the order in which the source has them: reversed, as rustc may lay them out. */
function placed(
  model: Extract<ModelType, { kind: "struct" }>,
): { readonly name: string; readonly type: ModelType; readonly offset: number }[] {
  let offset = 0;
  const members = model.members.map((member, index) => {
    const at = offset;
    offset += sizeOf(member);
    return { name: `m${index}`, type: member, offset: at };
  });
  return model.reversed ? members.reverse() : members;
}

/** Structs of one name and different members are different types: the number tells them apart. */
function nameOf(model: Extract<ModelType, { kind: "struct" }>, ids: Map<string, number>): string {
  const key = JSON.stringify(model);
  const id = ids.get(key) ?? ids.size;
  ids.set(key, id);
  return `${model.name}${id}`;
}

/** A type in debug info, and in BTF once that is asked for: LLVM writes no BTF of what only template parameters name. */
interface Written {
  readonly die: Die;
  readonly id: () => number;
}

function lazily(make: () => number): () => number {
  let id: number | undefined;
  return () => {
    id ??= make();
    return id;
  };
}

/** Both descriptions of the same types, each written once. */
class Witnesses {
  readonly graph = new Graph();
  readonly dies: Die[] = [];
  private readonly made = new Map<string, Written>();
  private readonly names = new Map<string, number>();
  private readonly index = lazily(() => this.graph.int("__ARRAY_SIZE_TYPE__", 4));

  private add(die: Die): Die {
    this.dies.push(die);
    return die;
  }

  make(model: ModelType): Written {
    const key = JSON.stringify(model);
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const made = this.write(model);
    this.made.set(key, made);
    return made;
  }

  private write(model: ModelType): Written {
    if (model.kind === "array") return this.array(this.make(model.of), model.length);
    if (model.kind === "struct") {
      const members = placed(model).map(({ name, type, offset }) => [name, this.make(type), offset] as const);
      return this.record(nameOf(model, this.names), members, sizeOf(model));
    }
    const { name, size, encoding } = model;
    const die = this.add({
      tag: "baseType",
      attributes: [
        ["name", name],
        ["encoding", encoding],
        ["byteSize", size],
      ],
    });
    return { die, id: lazily(() => (encoding === UTF ? 0 : this.graph.int(name, size, encoding === SIGNED ? 1 : 0))) };
  }

  private array(of: Written, length: number): Written {
    const range: Die = { tag: "subrangeType", attributes: [["count", length]] };
    const die = this.add({ tag: "arrayType", attributes: [["type", of.die]], children: [range] });
    // LLVM 22 leaves the element of a `char` array uninitialised: any id may stand there.
    const id = (): number => this.graph.array(of.id() === 0 ? GARBAGE : of.id(), this.index(), length);
    return { die, id: lazily(id) };
  }

  private pointer(to: Written): Written {
    return {
      die: this.add({ tag: "pointerType", attributes: [["type", to.die]] }),
      id: lazily(() => this.graph.ptr(to.id())),
    };
  }

  private record(
    name: string,
    members: readonly (readonly [name: string, type: Written, offset: number])[],
    size: number,
    parameters: readonly Die[] = [],
  ): Written {
    const children = members.map(
      ([member, { die }, offset]): Die => ({
        tag: "member",
        attributes: [
          ["name", member],
          ["type", die],
          ["dataMemberLocation", offset],
        ],
      }),
    );
    const die = this.add({
      tag: "structureType",
      attributes: [
        ["name", name],
        ["byteSize", size],
      ],
      children: [...children, ...parameters],
    });
    const id = (): number =>
      this.graph.struct(
        name,
        size,
        members.map(([member, type, offset]) => [member, type.id(), 8 * offset]),
      );
    return { die, id: lazily(id) };
  }

  /** The type of a map's variable, and the bytes that it takes. */
  variableType(map: ModelMap): { readonly type: Written; readonly size: number } {
    const key = this.make(map.key);
    const value = this.make(map.value);
    if (map.legacy) return { type: this.legacy(key, value), size: LEGACY_SIZE };
    const i32 = this.make({ kind: "base", name: "i32", size: 4, encoding: SIGNED });
    const uint = (number: number): Written => this.pointer(this.array(i32, number));
    const fields: (readonly [string, Written])[] = [
      ["type", uint(map.type)],
      ["key", this.pointer(key)],
      ["value", this.pointer(value)],
      ["max_entries", uint(map.entries)],
      ...(map.flags === undefined ? [] : [["map_flags", uint(map.flags)] as const]),
    ];
    const size = 8 * fields.length;
    const placedFields = fields.map(([name, field], index) => [name, field, 8 * index] as const);
    let type = this.record(`Def${map.name}<K, V>`, placedFields, size);
    for (const [depth, member] of map.wrappers.entries()) {
      type = this.record(`Wrapper${depth}<${map.name}>`, [[member, type, 0]], size);
    }
    return { type, size };
  }

  private legacy(key: Written, value: Written): Written {
    const u32 = this.make({ kind: "base", name: "u32", size: 4, encoding: UNSIGNED });
    const names = ["type_", "key_size", "value_size", "max_entries", "map_flags", "id", "pinning"];
    const fields = names.map((name, index) => [name, u32, 4 * index] as const);
    const definition = this.record("bpf_map_def", fields, LEGACY_SIZE);
    const parameter = (name: string, of: Die): Die => ({
      tag: "templateTypeParameter",
      attributes: [
        ["name", name],
        ["type", of],
      ],
    });
    const parameters = [parameter("K", key.die), parameter("V", value.die)];
    return this.record("HashMap<K, V>", [["def", definition, 0]], LEGACY_SIZE, parameters);
  }
}

function legacyBytes(map: ModelMap): Uint8Array {
  const numbers = [map.type, sizeOf(map.key), sizeOf(map.value), map.entries, map.flags ?? 0, 0, 0];
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}

const R_BPF_64_64 = 1;
const R_BPF_64_ABS64 = 2;
/** Where the first map's wide load stands. */
const LOAD = 8;

/** A little-endian object of these maps, with a program that names each; private ones by the section's symbol, as LLVM does. */
export function syntheticObject(maps: readonly ModelMap[]): Uint8Array {
  const witnesses = new Witnesses();
  const contents = { ".maps": [] as Uint8Array[], maps: [] as Uint8Array[] };
  const ends = { ".maps": 0, maps: 0 };
  const entries: (readonly [number, number, number])[] = [];
  const symbols: ObjectSymbol[] = [
    { name: "prog", section: "socket", size: 8 },
    { name: "LICENSE", section: "license", size: 4 },
    { name: "section .maps", section: ".maps", binding: 0, type: 3 },
    { name: "section maps", section: "maps", binding: 0, type: 3 },
  ];
  const insns: Insn[] = [move(0, 0)];
  const relocations: { readonly offset: number; readonly type: number; readonly symbol: string }[] = [];
  const variables: Die[] = [];
  for (const map of maps) {
    const section = map.legacy ? "maps" : ".maps";
    const { type, size } = witnesses.variableType(map);
    const offset = ends[section];
    const placedSize = (size + 7) & ~7;
    const bytes = new Uint8Array(placedSize);
    if (map.legacy) bytes.set(legacyBytes(map));
    contents[section].push(bytes);
    ends[section] += placedSize;
    const binding = map.private ? 0 : 1;
    symbols.push({ name: map.name, section, value: offset, size, binding });
    relocations.push({
      offset: LOAD + 16 * variables.length,
      type: R_BPF_64_64,
      symbol: map.private ? `section ${section}` : map.name,
    });
    insns.push([0x18, 1, 0, map.private ? offset : 0], [0, 0, 0, 0]);
    variables.push({
      tag: "variable",
      attributes: [
        ["name", map.name],
        ["type", type.die],
        ["location", { symbol: map.name }],
        ...(map.private ? [] : [["external", 1] as const]),
      ],
    });
    if (!map.legacy) entries.push([witnesses.graph.variable(map.name, type.id(), map.private ? 0 : 1), 0, size]);
  }
  if (entries.length > 0) witnesses.graph.datasec(".maps", 0, entries);
  const { info, abbrev, relocations: addresses } = writeDwarf([...witnesses.dies, ...variables]);
  const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
  const debug = { type: 1, flags: 0 };
  return buildObject({
    sections: [
      { name: "socket", insns: [...insns, EXIT], relocations },
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
      { name: ".maps", bytes: joined(contents[".maps"]) },
      { name: "maps", bytes: joined(contents.maps) },
      {
        name: ".debug_info",
        bytes: info,
        ...debug,
        relocations: addresses.map(({ offset, symbol }) => ({ offset, type: R_BPF_64_ABS64, symbol })),
      },
      { name: ".debug_abbrev", bytes: abbrev, ...debug },
    ].filter(({ name, bytes }) => bytes === undefined || bytes.length > 0 || name === ".maps"),
    symbols: symbols.filter(({ section }) => section !== "maps" || ends.maps > 0),
    btf: witnesses.graph.finish(),
  });
}
