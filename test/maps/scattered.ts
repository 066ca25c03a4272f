import fc from "fast-check";
import { Graph } from "../graph.ts";
import { buildObject, EXIT, type Insn, move, type ObjectSection, type ObjectSymbol } from "../object.ts";
import { define, type Field, u32 } from "./define.ts";

/** Objects whose maps lie in several sections, public and private, named in every way that a compiler knows. */

const R_BPF_64_64 = 1;
const R_BPF_64_ABS64 = 2;
const LOCAL = 0;
const HIDDEN = 2;
const SECTION = 3;
const DEFINITION = 32;
const POINTER = 8;

/** How a map's symbol is known outside, and by what its references name it. */
export interface ScatteredMap {
  /** Which section `.maps` holds it, from 0. */
  readonly section: number;
  /** Bytes of padding before it. */
  readonly gap: number;
  readonly known: "global" | "hidden" | "local";
  readonly by: "symbol" | "section" | "alias";
  /** Whether its symbol has a size. */
  readonly sized: boolean;
  /** A map of maps, whose one inner map is `inner` (by position), if there is such a map without inner maps. */
  readonly inner: number | undefined;
}

export interface Scattered {
  readonly maps: readonly ScatteredMap[];
  /** Flags of each section. */
  readonly writable: readonly boolean[];
  /** Which maps the program loads, in this order. */
  readonly loads: readonly number[];
  readonly littleEndian: boolean;
  /** Whether DATASEC is filled in, as a linker leaves it. */
  readonly laidOut: boolean;
}

export const scattered: fc.Arbitrary<Scattered> = fc
  .record({
    sections: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 6 }),
    littleEndian: fc.boolean(),
    laidOut: fc.boolean(),
  })
  .chain(({ sections, count, littleEndian, laidOut }) =>
    fc.record({
      maps: fc.array(
        fc.record({
          section: fc.integer({ min: 0, max: sections - 1 }),
          gap: fc.constantFrom(0, 0, 8, 24),
          known: fc.constantFrom("global", "hidden", "local") as fc.Arbitrary<ScatteredMap["known"]>,
          by: fc.constantFrom("symbol", "section", "alias") as fc.Arbitrary<ScatteredMap["by"]>,
          sized: fc.boolean(),
          inner: fc.option(fc.integer({ min: 0, max: count - 1 }), { nil: undefined, freq: 3 }),
        }),
        { minLength: count, maxLength: count },
      ),
      writable: fc.array(fc.boolean(), { minLength: sections, maxLength: sections }),
      loads: fc.array(fc.integer({ min: 0, max: count - 1 }), { maxLength: 8 }),
      littleEndian: fc.constant(littleEndian),
      laidOut: fc.constant(laidOut),
    }),
  );

interface Placed {
  readonly map: ScatteredMap;
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly inner: number | undefined;
}

function place({ maps, writable }: Scattered): {
  readonly placed: readonly Placed[];
  readonly sizes: readonly number[];
} {
  const sizes = writable.map(() => 0);
  const placed = maps.map((map, index): Placed => {
    // libbpf fills a map of maps with maps that it has made before: those that lie before it.
    const target = map.inner === undefined || map.inner >= index ? undefined : maps[map.inner];
    const inner = target?.inner === undefined && target !== undefined ? map.inner : undefined;
    const offset = (sizes[map.section] ?? 0) + map.gap;
    const size = DEFINITION + (inner === undefined ? 0 : POINTER);
    sizes[map.section] = offset + size;
    return { map, name: `MAP_${index}`, offset, size, inner };
  });
  return { placed, sizes };
}

const fields = (index: number, isOuter: boolean): readonly Field[] => [
  ["type", isOuter ? 12 : 2],
  ["key", u32],
  isOuter ? ["value_size", 4] : ["value", u32],
  // Arrays in a map of maps have the length of its inner definition.
  ["max_entries", isOuter ? index + 1 : 3],
];

const VALUES: readonly Field[] = [
  ["values", (graph) => graph.array(graph.ptr(define(graph, fields(0, false), "Inner")), graph.int("int", 4, 1), 0)],
];

/** Section symbol, alias and own symbol by name: a section's symbol is given one, which no reader minds. */
const sectionName = (section: number): string => `section_${section}`;

function symbolOf({ map, name }: Placed): string {
  if (map.by === "section") return sectionName(map.section);
  return map.by === "alias" ? `${name}_alias` : name;
}

/** Bytes with 64-bit words at some places. */
function withWords(size: number, words: readonly (readonly [at: number, value: number])[], littleEndian: boolean) {
  const view = new DataView(new ArrayBuffer(size));
  for (const [at, value] of words) view.setBigUint64(at, BigInt(value), littleEndian);
  return new Uint8Array(view.buffer);
}

/** The object; `references` is what its code loads, map by map, as it was meant. */
export function scatteredObject(draft: Scattered): { readonly object: Uint8Array; readonly loaded: readonly string[] } {
  const { littleEndian, writable, loads, laidOut } = draft;
  const { placed, sizes } = place(draft);
  const addend = ({ map, offset }: Placed): number => (map.by === "section" ? offset : 0);
  const graph = new Graph(littleEndian);
  const entries = placed.map(({ map, name, offset, size, inner }, index) => {
    const isOuter = inner !== undefined;
    const type = define(graph, isOuter ? [...fields(index, true), ...VALUES] : fields(index, false), `Def${index}`);
    const variable = graph.variable(name, type, map.known === "local" ? 0 : 1);
    // LLVM fills in what is static; what is global it leaves to the linker.
    return [variable, laidOut || map.known === "local" ? offset : 0, size] as const;
  });
  graph.datasec(".maps", laidOut ? Math.max(...sizes) : 0, entries);
  const sections = sizes.map((size, section): ObjectSection => {
    const outer = placed.filter(({ map, inner }) => map.section === section && inner !== undefined);
    const words = outer.map(({ offset, inner }) => {
      const target = placed[inner ?? 0];
      const at = offset + DEFINITION;
      return {
        at,
        value: target === undefined ? 0 : addend(target),
        symbol: target === undefined ? "" : symbolOf(target),
      };
    });
    return {
      name: ".maps",
      flags: writable[section] === true ? 3 : 2,
      bytes: withWords(
        size,
        words.map(({ at, value }) => [at, value] as const),
        littleEndian,
      ),
      ...(words.length === 0
        ? {}
        : { relocations: words.map(({ at, symbol }) => ({ offset: at, type: R_BPF_64_ABS64, symbol })) }),
    };
  });
  const loading = loads.flatMap((index) => placed[index] ?? []);
  const insns = loading.flatMap((target): Insn[] => [
    [0x18, 1, 0, addend(target)],
    [0, 0, 0, 0],
  ]);
  const code: ObjectSection = {
    name: "socket",
    insns: [...insns, move(0, 0), EXIT],
    relocations: loading.map((target, index) => ({ offset: index * 16, type: R_BPF_64_64, symbol: symbolOf(target) })),
  };
  const debug: ObjectSection = {
    name: ".debug_places",
    flags: 0,
    bytes: withWords(
      placed.length * POINTER,
      placed.map((target, index) => [index * POINTER, addend(target)] as const),
      littleEndian,
    ),
    relocations: placed.map((target, index) => ({
      offset: index * POINTER,
      type: R_BPF_64_ABS64,
      symbol: symbolOf(target),
    })),
  };
  const license: ObjectSection = { name: "license", bytes: new TextEncoder().encode("GPL\0") };
  const own = placed.flatMap((item): ObjectSymbol[] => {
    const { map, name, offset, size } = item;
    const symbol = { name, section: map.section, value: offset, size: map.sized ? size : 0 };
    const binding = map.known === "local" ? { binding: LOCAL } : {};
    const visibility = map.known === "hidden" ? { visibility: HIDDEN } : {};
    const alias = { ...symbol, name: `${name}_alias`, binding: LOCAL };
    return [...(map.by === "alias" ? [alias] : []), { ...symbol, ...binding, ...visibility }];
  });
  const object = buildObject({
    littleEndian,
    sections: [...sections, code, debug, license],
    symbols: [
      ...sizes.map((_, section) => ({ name: sectionName(section), section, type: SECTION, binding: LOCAL })),
      ...own,
      { name: "prog", section: "socket", size: insns.length * 8 + 16 },
      { name: "LICENSE", section: "license", size: 4 },
    ],
    btf: graph.finish(),
  });
  return { object, loaded: loading.map(({ name }) => name) };
}
