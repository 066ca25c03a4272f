import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../../src/btf/encode.ts";
import type { Btf } from "../../../src/btf/model.ts";
import type { Choices } from "../../../src/rules/choices.ts";
import type { Diagnostic, Severity, Target } from "../../../src/rules/rule.ts";
import type { Graph } from "../../graph.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { type BtfLoadVerdict, kernel, kernelBtfLoad } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { blobState, btfOf, found } from "./state.ts";

/** Findings about BTF alone, whole: rule, severity, words, place and what the judges say; the running kernel has the last word on those. */

/** A blob, and all that is to be found in it. */
export interface Row {
  readonly about: string;
  readonly make: (graph: Graph) => unknown;
  readonly finds: readonly Diagnostic[];
  readonly choices?: Partial<Choices>;
}

/** A finding for which the kernel throws the BTF away, in these words, and libbpf goes on without. */
export function drops(
  rule: string,
  target: Target,
  message: string,
  text: string,
  severity: Severity = "error",
): Diagnostic {
  const ignored = "Error loading .BTF into kernel: -EINVAL. BTF is optional, ignoring.";
  return {
    rule,
    severity,
    message,
    target,
    answers: [
      { judge: "kernel", answer: "drops the BTF", text },
      { judge: "libbpf", answer: "drops the BTF", text: ignored },
    ],
  };
}

/** A type that nothing is wrong with. */
export const u32 = (g: Graph): number => g.int("u32", 4);

/** The kernel's complaint of the blob, "" if it takes it. */
const complaint = ({ errno, log }: BtfLoadVerdict): string =>
  errno === 0 ? "" : (log.trimEnd().split("\n").at(-1) ?? "?");
/** Finds in each blob, in both byte orders, what is said of it and nothing else; and asks the kernel about all of them. */
export function tryRows(rows: readonly Row[]): void {
  describe.each([
    ["little-endian", true],
    ["big-endian", false],
  ] as const)("%s", (_, littleEndian) => {
    test.each(rows.map((row) => [row.about, row] as const))("%s", (_about, { make, choices, finds }) => {
      expect(found(blobState(btfOf(make, littleEndian), choices))).toStrictEqual(finds);
    });
  });
  heldAgainstKernel(rows.map(({ about, make, finds }) => ({ about, btf: btfOf(make), finds })));
}

/** Asks the kernel about all of the blobs: it says what some finding says of it, and takes those of which none does. */
export function heldAgainstKernel(
  rows: readonly { readonly about: string; readonly btf: Btf; readonly finds: readonly Diagnostic[] }[],
): void {
  judgeTest(kernel())("what is said of the kernel it says, and it takes all other blobs", () => {
    const said = answer(kernelBtfLoad(rows.map(({ btf }) => encodeBtf(btf)))).map(complaint);
    const wanted = rows.map(({ finds }) => {
      const errors = finds.filter(({ severity }) => severity === "error").flatMap(({ answers }) => answers);
      const texts = errors.flatMap(({ judge, text }) => (judge === "kernel" ? [text] : []));
      return texts.length === 0 ? "" : expect.stringMatching(new RegExp(`(?:${texts.join("|")})$`));
    });
    const byRow = (list: readonly unknown[]): unknown => rows.map(({ about }, index) => [about, list[index]]);
    expect(byRow(said)).toEqual(byRow(wanted));
  });
}
