import { Graph } from "../../graph.ts";
import type { AyaCorner } from "./corner-cases.ts";
import { definition, type Members, mapsOf, number, object, usual, withMap } from "./draft.ts";

/** Maps of every kind, beside BTF that the kernel takes and beside such as it refuses: aya gives types to some kinds, and sizes of its own to others. */

interface Kind {
  readonly type: number;
  readonly key: number;
  readonly value: number;
  readonly entries: number;
  readonly flags?: number;
}

const kind = (type: number, key = 4, value = 4, entries = 8, flags = 0): Kind => ({ type, key, value, entries, flags });

/** By number, from HASH on, with sizes that kernels take. */
const KINDS: readonly Kind[] = [
  ...[
    kind(1),
    kind(2),
    kind(3),
    kind(4),
    kind(4, 4, 4, 0),
    kind(5),
    kind(6),
    kind(7, 4, 8),
    kind(8),
    kind(9),
    kind(10, 4, 8),
  ],
  ...[kind(11, 8, 4, 8, 1), kind(14), kind(14, 4, 8), kind(15), kind(16), kind(16, 4, 8), kind(17), kind(18)],
  ...[kind(19, 16, 8, 0), kind(20, 4, 8), kind(21, 16, 8, 0), kind(22, 0), kind(23, 0), kind(24, 4, 4, 0, 1)],
  ...[
    kind(25),
    kind(25, 4, 8),
    kind(27, 0, 0, 4096),
    kind(28, 4, 4, 0, 1),
    kind(30, 0),
    kind(30, 4),
    kind(32, 4, 4, 0, 1),
  ],
  // Ring buffers of other sizes than kernels take.
  ...[0, 1, 4095, 4097, 5000, 8192, 12_288, 2 ** 20 + 1].map((entries) => kind(27, 0, 0, entries)),
  kind(27, 0, 8, 4096),
];

/** An `u32`, or as many bytes as it takes. */
function typeOf(graph: Graph, size: number): number {
  const int = graph.int("u32", 4);
  return size === 4 ? int : graph.array(graph.int("u8", 1), int, size);
}

function members(graph: Graph, { type, key, value, entries, flags = 0 }: Kind): Members {
  return [
    ["type", number(graph, type)],
    ...(key === 0 ? [] : [["key", graph.ptr(typeOf(graph, key))] as const]),
    ...(value === 0 ? [] : [["value", graph.ptr(typeOf(graph, value))] as const]),
    ["max_entries", number(graph, entries)],
    ["map_flags", number(graph, flags)],
  ];
}

const drawn = (draw: (graph: Graph) => Members, isRefused: boolean): Uint8Array =>
  object({
    btf: withMap((graph) => {
      if (isRefused) graph.struct("no name", 4, []);
      return draw(graph);
    }),
  });

/** Ring buffers as large as can be, which no kernel makes. */
const LARGE = [2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1].map((entries) => kind(27, 0, 0, entries));

/** What maps of maps hold. */
const HELD: readonly Kind[] = [
  ...[kind(1), kind(2), kind(27, 0, 0, 4096), kind(27, 0, 0, 5000), kind(14), kind(16), kind(27, 0, 8, 4096)],
  kind(22, 0, 4),
];

function outer(graph: Graph, type: number, inner: Kind): Members {
  const held = graph.array(graph.ptr(definition(graph, members(graph, inner))), graph.int("u32", 4), 0);
  return [
    ["type", number(graph, type)],
    ["key", graph.ptr(graph.int("u32", 4))],
    ["max_entries", number(graph, 4)],
    ["values", held],
  ];
}

/** A key, and the definition itself, behind so many typedefs: aya goes through fewer than 32. */
const hidden = [30, 31, 32, 33].flatMap((count): readonly AyaCorner[] => {
  const behind = (graph: Graph, type: number): number =>
    Array.from({ length: count }).reduce<number>((id, _, index) => graph.ref("typedef", id, `t${index}`), type);
  return [
    {
      name: `a key behind ${count} typedefs`,
      bytes: () =>
        drawn((graph) => {
          const [type = ["type", 0], , ...others] = usual(graph);
          return [type, ["key", graph.ptr(behind(graph, graph.int("key", 4)))], ...others];
        }, false),
    },
    {
      name: `a definition behind ${count} typedefs`,
      bytes: () => {
        const graph = new Graph();
        const list = usual(graph);
        return object({ btf: mapsOf(graph, behind(graph, definition(graph, list)), 8 * list.length) });
      },
    },
  ];
});

const ofKinds: readonly AyaCorner[] = [false, true].flatMap((isRefused) => {
  const beside = isRefused ? ", beside BTF that the kernel refuses" : "";
  return [
    ...[...KINDS, ...LARGE].map(
      (one): AyaCorner => ({
        name: `a map of type ${one.type}, ${one.key}, ${one.value}, ${one.entries}${beside}`,
        bytes: () => drawn((graph) => members(graph, one), isRefused),
      }),
    ),
    ...[12, 13].flatMap((type) =>
      HELD.map(
        (one): AyaCorner => ({
          name: `a map ${type} of maps of type ${one.type}, ${one.value}, ${one.entries}${beside}`,
          bytes: () => drawn((graph) => outer(graph, type, one), isRefused),
        }),
      ),
    ),
  ];
});

export const mapCorners: readonly AyaCorner[] = [...ofKinds, ...hidden];
