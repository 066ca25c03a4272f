/** An instance of gimli that another object has used before reads like a new one. */
import { wasmBytes } from "gimli-wasm";
import { expect, test } from "vitest";
import type { Dwarf } from "../../src/dwarf/model.ts";
import { type DwarfModule, loadDwarfModule } from "../../src/dwarf/module.ts";
import { openDwarf } from "../../src/dwarf/open.ts";
import { parseElf } from "../../src/elf/parse.ts";
import { lineRows } from "./exercise.ts";
import { bytesOf, corpusSamples } from "./samples.ts";

const samples = corpusSamples(4);

function open(sample: (typeof samples)[number], module: DwarfModule): Dwarf {
  const dwarf = openDwarf(parseElf(bytesOf(sample)), module);
  if (dwarf === undefined) throw new Error(`${sample.name} has no DWARF`);
  return dwarf;
}

function summary(dwarf: Dwarf): unknown {
  const rows = Array.from({ length: dwarf.count }, (_, row) => [
    dwarf.tag(row),
    dwarf.name(row),
    dwarf.type(row),
    dwarf.expression(row, 2),
    dwarf.place(row),
  ]);
  return { rows, lines: lineRows(dwarf) };
}

test("objects read one after the other by one instance read as by instances of their own", () => {
  const compiled = loadDwarfModule(wasmBytes());
  expect(samples.length).toBeGreaterThan(5);
  for (const sample of samples) {
    const shared = open(sample, compiled);
    // A module of its own has no instance to spare.
    expect(summary(shared), sample.name).toEqual(summary(open(sample, loadDwarfModule(wasmBytes()))));
    shared.release();
  }
});

test("who asks on after the release gets an error, and not the next object's words", () => {
  const compiled = loadDwarfModule(wasmBytes());
  const [first, second] = samples;
  if (first === undefined || second === undefined) throw new Error("the corpus has no objects");
  const released = open(first, compiled);
  released.release();
  released.release();
  const [one, other] = [open(second, compiled), open(second, compiled)];
  expect(() => summary(released)).toThrow(RangeError);
  expect(summary(one)).toEqual(summary(other));
});
