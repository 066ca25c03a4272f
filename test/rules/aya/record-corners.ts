import { encodeBtf } from "../../../src/btf/encode.ts";
import { Graph } from "../../graph.ts";
import { CALL, EXIT, move, type ObjectSection, R_BPF_64_32 } from "../../object.ts";
import type { AyaCorner } from "./corner-cases.ts";
import { inText, license, main, object, relocated } from "./draft.ts";

/** Records of programs, which aya sorts and counts anew when it puts a program together with what it calls. */

/** Words of each record, by section. */
type Records = Readonly<Record<string, readonly (readonly number[])[]>>;

/** A `.BTF.ext` of func_info and line_info, in records of so many words. */
function extOf(graph: Graph, functions: Records, lines: Records, words: readonly [number, number]): Uint8Array {
  const [functionWords, lineWords] = words;
  const part = (length: number, bySection: Records): number[] => {
    const sections = Object.entries(bySection).flatMap(([name, records]) => [
      graph.string(name),
      records.length,
      ...records.flatMap((record) => Array.from({ length }, (_, index) => record[index] ?? 0)),
    ]);
    return sections.length === 0 ? [] : [4 * length, ...sections];
  };
  const [one, two] = [part(functionWords, functions), part(lineWords, lines)];
  const header = [0x0001_eb9f, 32, 0, 4 * one.length, 4 * one.length, 4 * two.length, 0, 0];
  return new Uint8Array(Uint32Array.from([...header, ...one, ...two]).buffer);
}

interface Draft {
  readonly functions?: (ids: readonly number[]) => Records;
  readonly lines?: Records;
  readonly words?: readonly [number, number];
  /** Whether the kernel refuses the BTF. */
  readonly isRefused?: boolean;
}

/** A program of three instructions, the second of which calls the second function of `.text`; each has a function's type of its own. */
function program({ functions = () => ({}), lines = {}, words = [2, 4], isRefused = false }: Draft): Uint8Array {
  const graph = new Graph();
  if (isRefused) graph.struct("no name", 4, []);
  const proto = graph.proto(graph.int("int", 4, 1), []);
  const ids = ["main", "first", "second"].map((name) => graph.func(name, proto));
  const text: ObjectSection = { name: ".text", insns: [move(0, 1), EXIT, move(0, 2), EXIT] };
  const ext = { name: ".BTF.ext", bytes: extOf(graph, functions(ids), lines, words), flags: 0 };
  const caller = relocated("second", R_BPF_64_32, [move(1, 0), CALL, EXIT], 8);
  return object({
    sections: [caller, license, text, ext],
    symbols: [{ ...main, size: 24 }, inText("first", 0, 16), inText("second", 16, 16)],
    btf: encodeBtf(graph.finish()),
  });
}

const functions = ([one = 0, two = 0, three = 0]: readonly number[]): Records => ({
  socket: [[0, one]],
  ".text": [
    [0, two],
    [16, three],
  ],
});

const LINES: Records = {
  socket: [
    [0, 1, 1, 1 << 10],
    [8, 1, 1, 2 << 10],
    [16, 1, 1, 3 << 10],
  ],
  ".text": [
    [0, 1, 1, 4 << 10],
    [16, 1, 1, 5 << 10],
    [24, 1, 1, 6 << 10],
  ],
};

/** Those that begin after the function does. */
const LATE: Records = {
  socket: [
    [8, 1, 1, 2 << 10],
    [16, 1, 1, 3 << 10],
  ],
  ".text": [
    [8, 1, 1, 4 << 10],
    [24, 1, 1, 6 << 10],
  ],
};

const DRAFTS: Readonly<Record<string, Draft>> = {
  none: {},
  "of functions": { functions },
  "of lines": { lines: LINES },
  "of both": { functions, lines: LINES },
  "of lines that begin late": { functions, lines: LATE },
  "of lines before and behind": {
    functions,
    lines: {
      socket: [
        [0, 1, 1, 1024],
        [24, 1, 1, 2048],
      ],
      ".text": [
        [16, 1, 1, 1024],
        [32, 1, 1, 2048],
      ],
    },
  },
  "of a part of an instruction": {
    functions,
    lines: {
      socket: [
        [4, 1, 1, 1024],
        [12, 1, 1, 2048],
      ],
    },
  },
  "of longer functions": { functions, lines: LINES, words: [3, 4] },
  "of longer lines": { functions, lines: LINES, words: [2, 5] },
  "of longer lines alone": { lines: LINES, words: [2, 5] },
  "of other sections": { functions: ([one = 0]) => ({ license: [[0, one]] }), lines: { license: [[0, 1, 1, 1024]] } },
  "of wrong types": { functions: () => ({ socket: [[0, 1]], ".text": [[16, 99]] }) },
  "with BTF that the kernel refuses": { functions, lines: LINES, isRefused: true },
  "of wrong types, with BTF that the kernel refuses": {
    functions: () => ({ socket: [[0, 1]], ".text": [[16, 99]] }),
    isRefused: true,
  },
};

export const recordCorners: readonly AyaCorner[] = Object.entries(DRAFTS).map(([name, draft]) => ({
  name: `records ${name}`,
  bytes: () => program(draft),
}));
