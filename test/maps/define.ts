import { Graph, type MemberDraft } from "../graph.ts";
import { buildObject, type ObjectSymbol } from "../object.ts";

/** A map definition in the form that aya writes: integers as pointers to arrays, types behind pointers; fields in this order. */
export type Field =
  | readonly ["key" | "value", (graph: Graph) => number]
  | readonly ["values", (graph: Graph) => number]
  | readonly [name: string, number];

const POINTER_BITS = 64;

/** The STRUCT of a definition; `values` is what it is given as, everything else a pointer. */
export function define(graph: Graph, fields: readonly Field[], name = "Def"): number {
  const int = graph.int("i32", 4, 1);
  const members = fields.map(([field, what], index): MemberDraft => {
    if (typeof what === "number") return [field, graph.ptr(graph.array(int, int, what)), index * POINTER_BITS];
    const type = what(graph);
    return [field, field === "values" ? type : graph.ptr(type), index * POINTER_BITS];
  });
  // An array without elements takes no room.
  const arrays = members.filter(([, type]) => graph.builder.get(type)?.kind === "array");
  return graph.struct(name, (fields.length - arrays.length) * 8, members);
}

export interface MapDraft {
  readonly name: string;
  /** The VAR's type. */
  readonly make: (graph: Graph) => number;
  readonly linkage?: number;
  readonly symbol?: Partial<ObjectSymbol>;
}

/** An object of these maps, as LLVM leaves it: DATASEC without size, offsets 0. */
export function mapObject(maps: readonly MapDraft[], littleEndian = true): Uint8Array {
  const graph = new Graph(littleEndian);
  const SIZE = 128;
  const entries = maps.map(({ name, make, linkage }) => {
    const variable = graph.variable(name, make(graph), linkage ?? 1);
    return [variable, 0, SIZE] as const;
  });
  graph.datasec(".maps", 0, entries);
  return buildObject({
    littleEndian,
    sections: [
      { name: ".maps", bytes: new Uint8Array(SIZE * maps.length) },
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
    ],
    symbols: [
      ...maps.map(({ name, symbol }, index) => ({
        name,
        section: ".maps",
        value: index * SIZE,
        size: SIZE,
        ...symbol,
      })),
      { name: "LICENSE", section: "license", size: 4 },
    ],
    btf: graph.finish(),
  });
}

export const u32 = (graph: Graph): number => graph.int("u32", 4);
export const u64 = (graph: Graph): number => graph.int("u64", 8);
/** `()` as rustc writes it. */
export const unit = (graph: Graph): number => graph.int("()", 0);
/** A value with a name that needs no repair. */
export const event = (graph: Graph): number => {
  const member = u64(graph);
  return graph.struct("Event", 16, [
    ["at", member, 0],
    ["what", member, 64],
  ]);
};
