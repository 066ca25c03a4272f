import { describe, expect, test } from "vitest";
import { parseBtf } from "../../src/btf/parse.ts";
import { checkObject } from "../../src/check.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { sectionNamed } from "../../src/elf/symbols.ts";
import { fixObject } from "../../src/fix.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { libbpf17, runLibbpf } from "../judges/libbpf.ts";
import { answer } from "../judges/run.ts";
import { buildObject } from "../object.ts";

type Listed = readonly (readonly [section: string, variables: readonly string[]])[];

/** `A` and `B` of 8 bytes in `.data`, `C` in `.rodata`, and DATASECs as given, in the state in which a compiler leaves them. */
function objectListing(listed: Listed): Uint8Array {
  const graph = new Graph(true);
  const word = graph.int("u64", 8);
  const ids = new Map(["A", "B", "C"].map((name) => [name, graph.variable(name, word)]));
  for (const [section, names] of listed) {
    graph.datasec(
      section,
      0,
      names.map((name) => [ids.get(name) ?? 0, 0, 8]),
    );
  }
  return buildObject({
    littleEndian: true,
    sections: [
      { name: ".data", bytes: new Uint8Array(16) },
      { name: ".rodata", bytes: new Uint8Array(8) },
      { name: "license", bytes: new TextEncoder().encode("GPL\0") },
    ],
    symbols: [
      { name: "A", section: ".data", value: 0, size: 8 },
      { name: "B", section: ".data", value: 8, size: 8 },
      { name: "C", section: ".rodata", value: 0, size: 8 },
    ],
    btf: graph.finish(),
  });
}

const RIGHT: Listed = [
  [".data", ["A", "B"]],
  [".rodata", ["C"]],
];

/** What LLVM 14 makes of initial values with padding, which it takes for data though they lie in `.bss`, and the like. */
const WRONG: readonly (readonly [about: string, listed: Listed, moved: number])[] = [
  [
    "an entry of the wrong one of two",
    [
      [".data", ["A"]],
      [".rodata", ["B", "C"]],
    ],
    1,
  ],
  [
    "entries of a section that the file lacks",
    [
      [".bss", ["A", "B"]],
      [".rodata", ["C"]],
    ],
    2,
  ],
  ["a section that has no DATASEC", [[".data", ["A", "B", "C"]]], 1],
  [
    "a DATASEC that is no longer needed",
    [
      [".bss", ["B"]],
      [".data", ["A"]],
      [".rodata", ["C"]],
    ],
    1,
  ],
];

/** Name, size and entries (name and offset) of each DATASEC, by name. */
function layout(object: Uint8Array): unknown {
  const btf = parseBtf(sectionNamed(parseElf(object), ".BTF")?.bytes ?? new Uint8Array(0));
  const names = ["A", "B", "C"];
  return Object.fromEntries(
    btf.types.flatMap((type) => {
      if (type.kind !== "datasec") return [];
      const entries = type.entries.map(({ type: id, offset }) => [names[id - 2], offset]);
      return [[entries.map(([name]) => name).join(), [type.size, entries]]];
    }),
  );
}

describe.each(WRONG)("datasec/wrong-section: %s", (_, listed, moved) => {
  test("comes to lie as a newer compiler lists it", async () => {
    const raw = objectListing(listed);
    const { bytes, plan, diagnostics } = await fixObject(raw);
    expect(plan.filter(({ rule }) => rule === "datasec/wrong-section")).toHaveLength(moved);
    expect(diagnostics.filter(({ severity, fixed }) => severity === "error" && fixed === undefined)).toEqual([]);
    expect(layout(bytes)).toEqual(layout((await fixObject(objectListing(RIGHT))).bytes));
    expect(await fixObject(bytes)).toMatchObject({ bytes, changed: false, plan: [], diagnostics: [] });
  });

  judgeTest(libbpf17())("libbpf says what the finding says, and loads the result", async () => {
    const raw = objectListing(listed);
    const before = answer(runLibbpf("libbpf17", raw));
    const { diagnostics } = await checkObject(raw);
    const opens = !diagnostics.some(({ answers }) =>
      answers.some(({ judge, at }) => judge === "libbpf" && at === "open"),
    );
    expect({ opens, taken: (before.btfFd ?? -1) >= 0 }).toEqual({ opens: before.open.ok, taken: false });
    const after = answer(runLibbpf("libbpf17", (await fixObject(raw)).bytes));
    expect(after.btfFd).toBeGreaterThanOrEqual(0);
  });
});
