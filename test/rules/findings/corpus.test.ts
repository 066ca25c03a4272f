import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { openObject, stateOf } from "../../../src/object.ts";
import { allRules, foundIn, kernelRefuses, survey, surveyAsRefused } from "../../../src/rules/index.ts";
import type { Diagnostic, JudgeAnswer } from "../../../src/rules/rule.ts";
import { corpusObjects, type ScoredObject } from "../../../tools/scoreboard/objects.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { type LibbpfReport, libbpf17, runLibbpf } from "../../judges/libbpf.ts";
import { answer } from "../../judges/run.ts";

/** What the rules find in the corpus and what libbpf makes of it, held against each other both ways: no claim too many, none missing. */

function foundInObject(bytes: Uint8Array): readonly Diagnostic[] {
  const object = openObject(bytes);
  const first = survey(stateOf(object, object.btf, object.ext), allRules);
  return foundIn(kernelRefuses(foundIn(first)) ? surveyAsRefused(first) : first);
}

/** Whether libbpf opens it, whether the kernel then holds its BTF, and which maps are made without their types. */
interface Fate {
  readonly opens: boolean;
  readonly hasBtf?: boolean;
  readonly typeless?: readonly string[];
}

function told(found: readonly Diagnostic[]): Fate {
  const saying = (holds: (said: JudgeAnswer) => boolean): readonly Diagnostic[] =>
    found.filter(({ severity, answers }) => severity === "error" && answers.some(holds));
  const opens =
    saying((said) => said.judge === "libbpf" && said.answer === "rejects" && said.at !== "load").length === 0;
  if (!opens) return { opens };
  const hasBtf = saying((said) => said.answer === "drops the BTF").length === 0;
  if (!hasBtf) return { opens, hasBtf };
  // A map without its types works, so that some findings of them are warnings.
  const typeless = found.filter(({ answers }) => answers.some((said) => said.answer === "drops the map's types"));
  return { opens, hasBtf, typeless: typeless.map(({ message }) => /^map (\S+):/.exec(message)?.[1] ?? "").sort() };
}

function heard({ open, btfFd, maps }: LibbpfReport): Fate {
  if (!open.ok) return { opens: false };
  const hasBtf = (btfFd ?? -1) >= 0;
  if (!hasBtf) return { opens: true, hasBtf };
  const typeless = maps.filter(({ retriedWithoutBtf }) => retriedWithoutBtf);
  return { opens: true, hasBtf, typeless: typeless.map(({ name }) => name).sort() };
}

const isLittle = ({ name }: ScoredObject): boolean => name.includes(".bpfel.");

for (const folder of ["shapes", "aya", "aya/more", "aya-programs"]) {
  judgeTest(libbpf17())(`libbpf does with corpus/${folder} what is found in it, and nothing else`, () => {
    const objects = corpusObjects([folder]).filter(isLittle);
    const fates = objects.map(({ name, path }) => {
      const bytes = readFileSync(path);
      return [
        name,
        told(foundInObject(bytes)),
        heard(answer(runLibbpf("libbpf17", bytes, { until: "maps" }))),
      ] as const;
    });
    expect(fates.map(([name, fate]) => [name, fate])).toEqual(fates.map(([name, , fate]) => [name, fate]));
    expect(fates.length).toBeGreaterThan(1);
  });
}
