import { expect, test } from "vitest";
import { BtfBuilder } from "../../src/btf/builder.ts";
import type { Btf } from "../../src/btf/model.ts";
import { compareBtf } from "../../tools/conformance/canonical.ts";

/** A record with one pointer to each of the forward declarations, which stand last as LLVM writes them. */
function table(forwards: readonly string[], element = 0, last = "m"): Btf {
  const builder = BtfBuilder.empty(true);
  const sorted = [...forwards].sort();
  builder.add({ kind: "array", nameOff: 0, type: element, indexType: 2, nelems: 4 });
  builder.add({ kind: "int", nameOff: builder.string("u32"), size: 4, bits: 32, bitOffset: 0, encoding: 0 });
  for (const name of sorted) builder.add({ kind: "ptr", nameOff: 0, type: 3 + sorted.length + forwards.indexOf(name) });
  const nameOff = builder.string(last);
  builder.replace(2, { kind: "int", nameOff, size: 4, bits: 32, bitOffset: 0, encoding: 0 });
  for (const name of forwards) builder.add({ kind: "fwd", nameOff: builder.string(name), union: false });
  return builder.finish();
}

test("equal tables are identical and no rule is used", () => {
  expect(compareBtf(table(["a", "b", "c"]), table(["a", "b", "c"]))).toBe("identical");
});

test("another order of forward declarations is one rule", () => {
  expect(compareBtf(table(["a", "b", "c"]), table(["c", "a", "b"]))).toEqual(["forward-order"]);
});

test("an uninitialised element is another", () => {
  expect(compareBtf(table(["a"]), table(["a"], 32764))).toEqual(["char-element"]);
  expect(compareBtf(table(["a", "b"]), table(["b", "a"], 1))).toEqual(["char-element", "forward-order"]);
});

test("an uninitialised type of a function is a third", () => {
  const func = (type: number): Btf => {
    const builder = BtfBuilder.empty(true);
    builder.add({ kind: "func", nameOff: builder.string("f"), linkage: 1, type });
    return builder.finish();
  };
  expect(compareBtf(func(0), func(32767))).toEqual(["function-type"]);
  expect(compareBtf(func(32767), func(0))).toBe("different");
});

test("none hides a difference", () => {
  expect(compareBtf(table(["a", "b"]), table(["a", "d"]))).toBe("different");
  expect(compareBtf(table(["a", "b"]), table(["b", "a"], 0, "n"))).toBe("different");
  // An element that is known here must be theirs, too.
  expect(compareBtf(table(["a"], 2), table(["a"], 32764))).toBe("different");
  const swapped = table(["a", "b"]);
  const [array, int, first, second, ...rest] = swapped.types;
  expect(first?.kind).toBe("ptr");
  if (array === undefined || int === undefined || first === undefined || second === undefined) return;
  expect(compareBtf(table(["a", "b"]), { ...swapped, types: [array, int, second, first, ...rest] })).toBe("different");
});
