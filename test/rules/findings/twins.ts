import { expect, test } from "vitest";
import type { Diagnostic } from "../../../src/rules/rule.ts";
import { heldAgainstKernel } from "./rows.ts";
import { btfOf, found, type Twins, twinState } from "./state.ts";

/** Two witnesses, and all that is to be found where they are held against each other. */
export interface TwinRow {
  readonly about: string;
  readonly twins: Twins;
  readonly finds: readonly Diagnostic[];
}

/** Finds in each pair of witnesses what is said of it and nothing else, of all rules or of some. */
export function tryTwins(rows: readonly TwinRow[], rules?: RegExp): void {
  test.each(rows.map((row) => [row.about, row] as const))("%s", (_about, { twins, finds }) => {
    expect(found(twinState(twins), rules)).toStrictEqual(finds);
  });
  // What is wrong with both witnesses, nothing tells; the kernel refuses that too.
  const told = rows.filter(({ finds }) => finds.some(({ severity }) => severity === "error"));
  heldAgainstKernel(told.map(({ about, twins: { own }, finds }) => ({ about, btf: btfOf(own), finds })));
}
