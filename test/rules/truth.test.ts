import { describe, expect, test } from "vitest";
import { encodeBtf } from "../../src/btf/encode.ts";
import { checkObject } from "../../src/check.ts";
import { fixObject } from "../../src/fix.ts";
import { allRules } from "../../src/rules/index.ts";
import { Graph } from "../graph.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { type BtfLoadVerdict, kernel, kernelBtfLoad } from "../judges/kernel.ts";
import { answer } from "../judges/run.ts";
import { VECTORS, type Vector } from "./vectors.ts";

function blob(make: (graph: Graph) => unknown, littleEndian = true): Uint8Array {
  const graph = new Graph(littleEndian);
  make(graph);
  return encodeBtf(graph.finish());
}

/** What the kernel said last, or "" if it took the blob. */
function refusal({ errno, log }: BtfLoadVerdict): string {
  return errno === 0 ? "" : (log.trimEnd().split("\n").at(-1) ?? "no text");
}

describe.each([
  ["little-endian", true],
  ["big-endian", false],
] as const)("%s", (_, littleEndian) => {
  test.each(VECTORS.map((vector) => [`${vector.rule}: ${vector.about}`, vector] as const))(
    "%s",
    async (_name, vector) => {
      const failing = await checkObject(blob(vector.failing, littleEndian));
      expect(failing.diagnostics).toMatchObject([
        { rule: vector.rule, message: vector.message, severity: vector.severity },
      ]);
      const passing = await checkObject(blob(vector.passing, littleEndian));
      expect(passing.diagnostics).toEqual([]);
      expect(passing.verdicts.kernel.accepted).toBe(true);
      expect(failing.verdicts.kernel.accepted).toBe(vector.kernel === undefined);
    },
  );
});

judgeTest(kernel())(
  "the kernel refuses what fails with the text that the rule gives, and takes its neighbour",
  async () => {
    const verdicts = answer(kernelBtfLoad(VECTORS.flatMap(({ failing, passing }) => [blob(failing), blob(passing)])));
    const said = VECTORS.map((vector, index) => [
      `${vector.rule}: ${vector.about}`,
      refusal(verdicts[index * 2] ?? { errno: -1, log: "" }),
      refusal(verdicts[index * 2 + 1] ?? { errno: -1, log: "" }),
    ]);
    const wanted = await Promise.all(
      VECTORS.map(async (vector) => {
        const { diagnostics } = await checkObject(blob(vector.failing));
        const [finding] = diagnostics;
        const ours = finding?.answers.find(({ judge, answer: what }) => judge === "kernel" && what === "drops the BTF");
        const text = finding?.severity === "error" ? ours?.text : undefined;
        expect(text, vector.about).toBe(vector.kernel);
        return [
          `${vector.rule}: ${vector.about}`,
          vector.kernel === undefined ? "" : expect.stringMatching(new RegExp(`${vector.kernel}$`)),
          "",
        ];
      }),
    );
    expect(said).toEqual(wanted);
  },
);

const isFixable = ({ rule }: Vector): boolean => allRules.some(({ id, fixable }) => id === rule && fixable);

judgeTest(kernel())("after the fix the kernel takes it, and a second run changes nothing", async () => {
  const fixable = VECTORS.filter(isFixable);
  const fixed = await Promise.all(fixable.map(({ failing }) => fixObject(blob(failing))));
  const verdicts = answer(kernelBtfLoad(fixed.map(({ bytes }) => bytes)));
  expect(verdicts.map(refusal)).toEqual(fixable.map(() => ""));
  for (const [index, { bytes, changed, diagnostics }] of fixed.entries()) {
    const about = `${fixable[index]?.rule}: ${fixable[index]?.about}`;
    expect(changed, about).toBe(true);
    const told = diagnostics.filter(({ severity, fixed: repair }) => severity !== "note" || repair !== undefined);
    expect(told, about).toMatchObject([{ rule: fixable[index]?.rule, fixed: expect.any(String) }]);
    const again = await fixObject(bytes);
    expect(again, about).toMatchObject({ bytes, changed: false, plan: [] });
    expect(
      again.diagnostics.filter(({ severity }) => severity !== "note"),
      about,
    ).toEqual([]);
  }
});

test("what has no repair is left as it is", async () => {
  for (const vector of VECTORS.filter((candidate) => !isFixable(candidate))) {
    const before = blob(vector.failing);
    const { bytes, changed, plan, diagnostics } = await fixObject(before);
    expect({ bytes, changed, plan }, vector.about).toEqual({ bytes: before, changed: false, plan: [] });
    expect(diagnostics[0]).not.toHaveProperty("fixed");
  }
});

test("every rule that the kernel answers for by BTF alone has a row", () => {
  // What needs ELF or DWARF beside it is tried in the other files of this folder.
  const elsewhere = [
    "btf/type-missing",
    "datasec/empty",
    "datasec/unplaced",
    "func/prototype-lost",
    "func/prototype-not-abi",
  ];
  const covered = new Set([...VECTORS.map(({ rule }) => rule), ...elsewhere]);
  const owed = allRules.filter(
    ({ id, covers }) => covers.some((fact) => /^K[A-Z]-/.test(fact)) && !id.startsWith("map/"),
  );
  expect(
    owed.map(({ id }) => id).filter((id) => !covered.has(id) && !/^func\/(not|without-debug)|^elf\//.test(id)),
  ).toEqual([]);
});
