import { expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import { ayaRules, ayaVerdict } from "../../../src/rules/aya/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { aya03, aya06, runAyaOnAll } from "../../judges/aya.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { difference, LACKING, lackingDiffers } from "./campaign.ts";
import { ayaCases } from "./cases.ts";
import { ayaCorners } from "./corner-cases.ts";
import { fixUpCorners } from "./fix-up-cases.ts";

for (const [name, judge] of [
  ["aya03", aya03],
  ["aya06", aya06],
] as const) {
  judgeTest(judge())(`${name} says of the edges of rules what the rules say`, () => {
    const objects = ayaCorners.map(({ bytes }) => bytes());
    const reports = runAyaOnAll(name, objects);
    const differing = objects.flatMap((bytes, index) => {
      const report = reports[index];
      const what = report === undefined ? "no report" : difference(parseElf(bytes), name, report);
      return what === undefined ? [] : [`${ayaCorners[index]?.name}: ${what}`];
    });
    expect(differing).toEqual([]);
  });

  judgeTest(judge())(`${name} sends the BTF of the rules to kernels that do not know everything`, () => {
    const objects = fixUpCorners.map(({ bytes }) => bytes());
    const differing = LACKING.flatMap((lacking) =>
      runAyaOnAll(name, objects, { lacking }).flatMap((report, index) => {
        const what = lackingDiffers(parseElf(objects[index] ?? new Uint8Array(0)), name, lacking, report);
        return what === undefined ? [] : [`${fixUpCorners[index]?.name}: ${what}`];
      }),
    );
    expect(differing).toEqual([]);
  });
}

/** Text with holes: single letters and "…" stand for what is known only when aya speaks. */
function withHoles(text: string): RegExp {
  const parts = text.split(/\b[A-Z]\b|…/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

test("a refusal is in the words that its rule gives", () => {
  const other = ayaCases.flatMap(({ rule: id, bytes, only }) => {
    const { message, rule } = ayaVerdict(parseElf(bytes()), only ?? "0.6", KERNEL_PROFILES["6.18"]);
    const texts = ayaRules.find((one) => one.id === id)?.text ?? [];
    const forms = [message, message.replace(/^BTF error: /, "")];
    if (rule !== id || texts.some((text) => forms.some((form) => withHoles(text).test(form)))) return [];
    return [`${id}: ${message}, not ${texts.join(" or ")}`];
  });
  expect(other).toEqual([]);
});

test("a refusal names what is at fault, and comes when the rule says", () => {
  const wrong = ayaCases.flatMap(({ rule: id, name, bytes, only }) => {
    const verdict = ayaVerdict(parseElf(bytes()), only ?? "0.6", KERNEL_PROFILES["6.18"]);
    const { stage, message, map, program } = verdict;
    const rule = ayaRules.find((one) => one.id === id);
    const told: readonly (readonly [what: string, isSo: boolean])[] = [
      ["stage", stage === rule?.stage],
      ["version", only === undefined || only === rule?.since || only === rule?.until],
      // The one map of the objects, and their one program.
      ["map", !/`?MAP`?/.test(message) || map === "MAP"],
      ["program", !/error relocating `main`/.test(message) || program === "main"],
    ];
    return told.flatMap(([what, isSo]) => (isSo ? [] : [`${id} ${name}: ${what} (${message})`]));
  });
  expect(wrong).toEqual([]);
});
