import type { ObjectFile } from "../e2e/object-file.ts";
import { Graph } from "../graph.ts";
import { buildObject, EXIT, type Insn, move, type ObjectSymbol } from "../object.ts";

/** A legacy map: the words of its definition (type, key_size, value_size, max_entries, map_flags, id, pinning) and its symbol. */
export interface LegacyDraft {
  readonly name: string;
  readonly words: readonly number[];
  /** Name of its section. */
  readonly section?: string;
  readonly symbol?: Partial<ObjectSymbol>;
}

/** What else the object holds. */
export interface LegacyParts {
  readonly littleEndian?: boolean;
  /** A BTF map of this name in `.maps`: hash of u32 to u64 with 8 entries. */
  readonly modern?: string;
  /** Whether code names the maps by their section's symbol, the place of the map in the immediate, as LLVM does for private ones. */
  readonly bySection?: boolean;
  /** Whether `.BTF` lists the maps; clang and rustc do. */
  readonly described?: boolean;
  /** Whether there is a section `maps`, with a DATASEC, though it holds nothing. */
  readonly empty?: boolean;
}

const SECTION_SYMBOL = 3;
const R_BPF_64_64 = 1;
/** r1 = address, in two instructions. */
const load = (addend: number): readonly Insn[] => [
  [0x18, 1, 0, addend],
  [0, 0, 0, 0],
];

function definition({ words }: LegacyDraft, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word, littleEndian);
  return new Uint8Array(view.buffer);
}

/** An object of legacy maps without debug info, one socket filter that loads the address of each map in turn, and a license. */
export function legacyObject(maps: readonly LegacyDraft[], parts: LegacyParts = {}): Uint8Array {
  const { littleEndian = true, modern, bySection = false, described = true, empty = false } = parts;
  const graph = new Graph(littleEndian);
  const names = [...new Set([...maps.map(({ section = "maps" }) => section), ...(empty ? ["maps"] : [])])];
  const contents = new Map<string, number[]>(names.map((name) => [name, []]));
  const symbols: ObjectSymbol[] = [];
  const insns: Insn[] = [];
  const relocations: { offset: number; type: number; symbol: string }[] = [];
  const refer = (symbol: string, addend: number): void => {
    relocations.push({ offset: insns.length * 8, type: R_BPF_64_64, symbol });
    insns.push(...load(addend));
  };
  const raw = graph.struct("bpf_map_def", 28, [["kind", graph.int("u32", 4), 0]]);
  for (const map of maps) {
    const section = map.section ?? "maps";
    const content = contents.get(section) ?? [];
    const value = map.symbol?.value ?? content.length;
    const bytes = definition(map, littleEndian);
    content.push(...bytes);
    symbols.push({ name: map.name, section, value, size: bytes.length, ...map.symbol });
    refer(bySection ? `section ${section}` : map.name, bySection ? value : 0);
  }
  for (const name of names) {
    if (bySection) symbols.push({ name: `section ${name}`, section: name, type: SECTION_SYMBOL, binding: 0 });
    const own = maps.filter(({ section = "maps" }) => section === name);
    if (described) {
      graph.datasec(
        name,
        0,
        own.map((map) => [graph.variable(map.name, raw, map.symbol?.binding === 0 ? 0 : 1), 0, map.words.length * 4]),
      );
    }
  }
  if (modern !== undefined) {
    const int = graph.int("i32", 4, 1);
    const uint = (value: number): number => graph.ptr(graph.array(int, int, value));
    const struct = graph.struct("Modern", 32, [
      ["type", uint(1), 0],
      ["key", graph.ptr(graph.int("u32", 4)), 64],
      ["value", graph.ptr(graph.int("u64", 8)), 128],
      ["max_entries", uint(8), 192],
    ]);
    graph.datasec(".maps", 0, [[graph.variable(modern, struct), 0, 32]]);
    symbols.push({ name: modern, section: ".maps", size: 32 });
    refer(modern, 0);
  }
  insns.push(move(0, 0), EXIT);
  symbols.push({ name: "prog", section: "socket", size: insns.length * 8 });
  symbols.push({ name: "LICENSE", section: "license", size: 4 });
  return buildObject({
    littleEndian,
    sections: [
      { name: "socket", insns, relocations },
      ...names.map((name) => ({ name, bytes: Uint8Array.from(contents.get(name) ?? []) })),
      ...(modern === undefined ? [] : [{ name: ".maps", bytes: new Uint8Array(32) }]),
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
    ],
    symbols,
    btf: graph.finish(),
  });
}

const SHT_REL = 9;

/**
 * The map behind each load of a map's address in the code, as loaders see it: a variable's own symbol says which, whatever stands in the
 * immediate; a section's symbol has the place of the map there. Written apart from `src/`.
 */
export function loadedMaps(file: ObjectFile): readonly (readonly [offset: number, section: string, map: string])[] {
  const word = (bytes: Buffer, at: number): number =>
    file.littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  const [low, high] = file.littleEndian ? [0, 4] : [4, 0];
  return file.sections.flatMap(({ type, info, bytes }) => {
    const code = type === SHT_REL ? file.sections[info] : undefined;
    if (code === undefined || !code.isCode) return [];
    return Array.from({ length: bytes.length / 16 }, (_, entry) => entry).flatMap((entry) => {
      const offset = word(bytes, entry * 16 + low);
      const symbol = file.symbols[word(bytes, entry * 16 + 8 + high)];
      const section = file.sections[symbol?.section ?? 0]?.name ?? "";
      if (!/^\.?maps(\/|$)/.test(section)) return [];
      if (symbol?.type !== SECTION_SYMBOL) return [[offset, section, symbol?.name ?? ""] as const];
      const place = word(code.bytes, offset + 4);
      const map = file.symbols.find((other) => {
        return other.section === symbol.section && other.type !== SECTION_SYMBOL && other.value === place;
      });
      return [[offset, section, map?.name ?? "nothing"] as const];
    });
  });
}
