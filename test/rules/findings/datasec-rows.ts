import { describe, expect, test } from "vitest";
import type { Diagnostic, Target } from "../../../src/rules/rule.ts";
import { Graph } from "../../graph.ts";
import { buildObject, type ObjectSymbol } from "../../object.ts";
import { drops } from "./rows.ts";
import { found, objectState } from "./state.ts";

/** DATASECs held against the sections and symbols of their object. */

export type Entry = readonly [type: number, offset: number, size: number];

/** Id of the first DATASEC: [1] u64, [2] VAR A and [3] VAR B of 8 bytes, [4] a declaration, [5] VAR C of that, [6] a function's prototype, [7] FUNC f; DATASECs follow. */
export const FIRST = 8;

export interface Draft {
  readonly datasecs: readonly (readonly [name: string, size: number, entries: readonly Entry[]])[];
  /** Linkage of A; 1 is global. */
  readonly linkage?: number;
  readonly symbols?: readonly ObjectSymbol[];
  readonly sections?: readonly (readonly [name: string, size: number])[];
}

export const A: ObjectSymbol = { name: "A", section: ".data", value: 0, size: 8 };
export const B: ObjectSymbol = { name: "B", section: ".data", value: 8, size: 8 };
export const SECTIONS = [
  [".data", 16],
  [".rodata", 8],
] as const;

export function types(g: Graph, { datasecs, linkage = 1 }: Draft): void {
  const word = g.int("u64", 8);
  g.variable("A", word, linkage);
  g.variable("B", word);
  g.variable("C", g.fwd("Later"));
  g.func("f", g.proto(0, []));
  for (const [name, size, entries] of datasecs) g.datasec(name, size, entries);
}

export function objectOf(draft: Draft, littleEndian: boolean): Uint8Array {
  const { symbols = [A, B], sections = SECTIONS } = draft;
  const graph = new Graph(littleEndian);
  types(graph, draft);
  return buildObject({
    littleEndian,
    sections: sections.map(([name, size]) => ({ name, bytes: new Uint8Array(size) })),
    symbols,
    btf: graph.finish(),
  });
}

/** Where both are as they must be. */
export const RIGHT = [
  [2, 0, 8],
  [3, 8, 8],
] as const;

export const noSize = (name: string, typeId = FIRST): Diagnostic => ({
  rule: "datasec/unplaced",
  severity: "note",
  message: `DATASEC ${name} [${typeId}] has no size yet; loaders fill it in`,
  target: { typeId },
  answers: [{ judge: "libbpf", answer: "repairs" }],
});
export const unplaced = (name: string, typeId = FIRST): Diagnostic => ({
  rule: "datasec/unplaced",
  severity: "error",
  message: `DATASEC ${name} [${typeId}] has a size, but offsets or order that are not those of its section`,
  target: { typeId },
  answers: [{ judge: "kernel", answer: "drops the BTF", text: "Invalid offset" }],
});
const entry = (rule: string, target: Target, what: string): Diagnostic =>
  drops(`datasec/${rule}`, target, what, "Invalid size");
export const at = (member: number, typeId = FIRST): Target => ({ typeId, member });
export const noRoom = (what: string, member = 0): Diagnostic =>
  entry("zero-size-entry", at(member), `VAR ${what} has no size (0 bytes)`);
export const shrunk = (what: string, bytes: number, member = 0): Diagnostic =>
  entry("shrunk-entry", at(member), `VAR ${what} is smaller than its type (${bytes} bytes)`);
export const elsewhere = (target: Target, what: string, listed: string, section: string): Diagnostic =>
  drops("datasec/wrong-section", target, `VAR ${what} is listed in ${listed} and lies in ${section}`, "Invalid offset");
export const nowhere = (target: Target, what: string, listed: string, section: string): Diagnostic => ({
  ...elsewhere(target, what, listed, section),
  answers: [{ judge: "libbpf", answer: "rejects", text: "Error finalizing .BTF: -2.", at: "open", errno: 2 }],
});
export const empty = (name: string, typeId = FIRST): Diagnostic => ({
  rule: "datasec/empty",
  severity: "warning",
  message: `DATASEC ${name} [${typeId}] lists no variable: its bytes have no names`,
  target: { typeId },
  answers: [{ judge: "kernel", answer: "drops the BTF", text: "vlen == 0", versions: "5.10" }],
});

export const data = (
  about: string,
  entries: readonly Entry[],
  finds: readonly Diagnostic[],
  more: Omit<Draft, "datasecs"> = {},
  size = 16,
) => [about, { datasecs: [[".data", size, entries]], ...more } satisfies Draft, finds] as const;
export const named = (
  about: string,
  datasecs: Draft["datasecs"],
  finds: readonly Diagnostic[],
  more: Omit<Draft, "datasecs"> = {},
) => [about, { datasecs, ...more } satisfies Draft, finds] as const;

/** Finds in each object, in both byte orders, what is said of it and nothing else. */
export function tryDatasecs(families: Readonly<Record<string, readonly ReturnType<typeof named>[]>>): void {
  describe.each([
    ["little-endian", true],
    ["big-endian", false],
  ] as const)("%s", (_, littleEndian) => {
    for (const [family, rows] of Object.entries(families)) {
      test.each(rows)(`${family}: %s`, (_about, draft, finds) => {
        expect(found(objectState(objectOf(draft, littleEndian)))).toStrictEqual(finds);
      });
    }
  });
}
