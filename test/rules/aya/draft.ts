import { encodeBtf } from "../../../src/btf/encode.ts";
import type { AyaVersion } from "../../../src/rules/aya/rule.ts";
import { Graph } from "../../graph.ts";
import {
  buildObject,
  EXIT,
  type Insn,
  move,
  type ObjectParts,
  type ObjectSection,
  type ObjectSymbol,
} from "../../object.ts";

/** Objects for one rule each: a program, a map with its definition, and whatever the case changes of them. */

/** What a case says of the map's definition: members by name, each an id or the number that it means. */
export type Members = readonly (readonly [name: string, type: number])[];

export interface MapDraft {
  readonly graph: Graph;
  /** The definition's members; the usual ones by default. */
  readonly members?: Members;
}

/** The id of a pointer to an array of so many elements. */
export function number(graph: Graph, value: number): number {
  const int = graph.int("int", 4, 1);
  return graph.ptr(graph.array(int, int, value));
}

export function usual(graph: Graph): Members {
  const int = graph.int("u32", 4);
  return [
    ["type", number(graph, 1)],
    ["key", graph.ptr(int)],
    ["value", graph.ptr(int)],
    ["max_entries", number(graph, 8)],
  ];
}

/** A struct with these members, eight bytes each. */
export function definition(graph: Graph, members: Members): number {
  return graph.struct(
    "definition",
    8 * members.length,
    members.map(([name, type], index) => [name, type, 64 * index]),
  );
}

/** `.maps` with one map "MAP" of this type. */
export function mapsOf(graph: Graph, type: number, size = 32): Uint8Array {
  graph.datasec(".maps", size, [[graph.variable("MAP", type), 0, size]]);
  return encodeBtf(graph.finish());
}

/** BTF with one map of this definition. */
export function withMap(members: (graph: Graph) => Members): Uint8Array {
  const graph = new Graph();
  const list = members(graph);
  return mapsOf(graph, definition(graph, list), 8 * list.length);
}

export const PROGRAM: readonly Insn[] = [move(0, 0), EXIT];
export const program: ObjectSection = { name: "socket", insns: PROGRAM };
export const main: ObjectSymbol = { name: "main", section: "socket", size: 16 };
export const maps: ObjectSection = { name: ".maps", bytes: new Uint8Array(32) };
export const mapSymbol: ObjectSymbol = { name: "MAP", section: ".maps", size: 32 };
export const license: ObjectSection = { name: "license", bytes: Uint8Array.from(Buffer.from("GPL\0")) };

/** An object that both versions take, with what a case changes. */
export function object(changed: Partial<ObjectParts> = {}): Uint8Array {
  return buildObject({
    sections: [program, license, maps],
    symbols: [main, mapSymbol],
    btf: withMap(usual),
    ...changed,
  });
}

/** The bytes with 32-bit words set, in the file's byte order. */
export function patched(bytes: Uint8Array, words: readonly (readonly [offset: number, value: number])[]): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const [offset, value] of words) view.setUint32(offset, value, true);
  return copy;
}

/** An object that breaks one rule, in the versions that have it; in the others it may be taken. */
export interface AyaCase {
  readonly rule: string;
  readonly name: string;
  readonly bytes: () => Uint8Array;
  readonly only?: AyaVersion;
}

/** A `.BTF.ext` of a header of 32 bytes and one subsection: 0 func_info, 1 line_info, 2 core_relo. */
export function ext(part: number, words: readonly number[], length = 4 * words.length): Uint8Array {
  const all = [0x0001_eb9f, 32, 0, 0, 0, 0, 0, 0, ...words];
  all[3 + 2 * part] = length;
  return new Uint8Array(Uint32Array.from(all).buffer);
}

/** The program, with a relocation. */
export const relocated = (symbol: string, type: number, insns: readonly Insn[], offset = 0): typeof program => ({
  ...{ name: "socket", insns },
  relocations: [{ offset, type, symbol }],
});

/** A function of `.text`. */
export const inText = (name: string, value: number, size: number): ObjectSymbol => ({
  name,
  section: ".text",
  value,
  size,
});

export const R_BPF_64_64 = 1;
/** A reference of 16 bytes. */
export const LOAD: readonly Insn[] = [[0x18, 1, 0, 0], [0, 0, 0, 0], EXIT];
