import { expect, test } from "vitest";
import { encodeBtf } from "../../../src/btf/encode.ts";
import { checkObject } from "../../../src/check.ts";
import { Graph } from "../../graph.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";

/** A blob with these defects, each in a type of its own that no rule of ours looks at: an ENUM of 3 bytes, an ARRAY of an index that is no INT. */
function blob(enumSize: number, indexIsInt: boolean): Uint8Array {
  const graph = new Graph();
  const int = graph.add({ kind: "int", nameOff: graph.string("i"), size: 4, bits: 32, bitOffset: 0, encoding: 0 });
  const values = [{ nameOff: graph.string("A"), value: 0 }];
  graph.add({ kind: "enum", nameOff: graph.string("e"), size: enumSize, signed: false, values });
  const pointer = graph.add({ kind: "ptr", nameOff: 0, type: int });
  graph.add({ kind: "array", nameOff: 0, type: int, indexType: indexIsInt ? int : pointer, nelems: 2 });
  return encodeBtf(graph.finish());
}

test("what the kernel would say next is told as well, its first word first", async () => {
  const { diagnostics, verdicts } = await checkObject(blob(3, false));
  expect(diagnostics.map(({ severity, target, answers }) => [severity, target.typeId, answers[0]?.text])).toEqual([
    ["error", 2, expect.stringMatching(/Unexpected size$/)],
    ["error", 4, expect.stringMatching(/Invalid index$/)],
  ]);
  expect(verdicts.kernel.message).toMatch(/Unexpected size$/);
});

judgeTest(kernel())("the kernel says the one, and the other once that is mended", () => {
  const said = answer(kernelBtfLoad([blob(3, false), blob(4, false), blob(4, true)]));
  expect(said.map(({ errno, log }) => (errno === 0 ? "" : log.trimEnd().split("\n").at(-1)))).toEqual([
    expect.stringMatching(/Unexpected size$/),
    expect.stringMatching(/Invalid index$/),
    "",
  ]);
});

test.each(["typedef", "const", "struct", "array"] as const)(
  "behind a %s that leads back to itself nothing is looked for",
  async (kind) => {
    const graph = new Graph();
    const int = graph.add({ kind: "int", nameOff: graph.string("i"), size: 4, bits: 32, bitOffset: 0, encoding: 0 });
    const values = [{ nameOff: graph.string("A"), value: 0 }];
    graph.add({ kind: "enum", nameOff: graph.string("e"), size: 3, signed: false, values });
    const id = 3;
    const nameOff = graph.string("again");
    const members = [{ nameOff, type: id, bitOffset: 0, bitfieldSize: 0 }];
    const circles = {
      typedef: { kind: "typedef", nameOff, type: id },
      const: { kind: "const", nameOff: 0, type: id },
      struct: { kind: "struct", nameOff, size: 4, bitfields: false, members },
      array: { kind: "array", nameOff: 0, type: id, indexType: int, nelems: 1 },
    } as const;
    expect(graph.add(circles[kind])).toBe(id);
    graph.add({ kind: "ptr", nameOff: 0, type: id });
    const { diagnostics } = await checkObject(encodeBtf(graph.finish()));
    expect(diagnostics.map(({ rule }) => rule)).toContain("kernel/ke-01");
    expect(diagnostics.some(({ answers }) => answers.some(({ text }) => text?.endsWith("Loop detected")))).toBe(true);
  },
);
