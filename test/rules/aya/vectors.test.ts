import { describe, expect, test } from "vitest";
import { parseElf } from "../../../src/elf/parse.ts";
import type { AyaVersion } from "../../../src/rules/aya/rule.ts";
import { ayaRules, ayaVerdict } from "../../../src/rules/aya/verdict.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { aya03, aya06, runAyaOnAll } from "../../judges/aya.ts";
import { aya14, aya16, loadWithAya } from "../../judges/aya-run.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { answer } from "../../judges/run.ts";
import { difference } from "./campaign.ts";
import { ayaCases } from "./cases.ts";
import { type AyaCase, object } from "./draft.ts";

const JUDGES = [
  ["0.3", "aya03", aya03],
  ["0.6", "aya06", aya06],
] as const;

const ruleOf = (bytes: Uint8Array, version: AyaVersion): string | undefined =>
  ayaVerdict(parseElf(bytes), version, KERNEL_PROFILES["6.18"]).rule;

test("each rule of aya has an object that breaks it, or says why there is none", () => {
  const shown = new Set(ayaCases.map(({ rule }) => rule));
  const silent = ayaRules.filter(({ id, unreachable }) => !shown.has(id) && unreachable === undefined);
  expect(silent.map(({ id }) => id)).toEqual([]);
  expect(new Set(ayaRules.map(({ id }) => id)).size).toBe(ayaRules.length);
});

describe.each(JUDGES)("aya-obj %s", (version, name, judge) => {
  const cases = ayaCases.filter(({ only }) => only === undefined || only === version);

  test.each(cases.map((one) => [one.rule, one.name, one] as const))("%s: %s", (rule, _, { bytes }: AyaCase) => {
    expect(ruleOf(bytes(), version)).toBe(rule);
  });

  test("an object with none of this is taken", () => {
    expect(ruleOf(object(), version)).toBeUndefined();
  });

  judgeTest(judge())(`${name} says of every one of them what the rules say`, () => {
    const objects = [object(), ...ayaCases.map(({ bytes }) => bytes())];
    const reports = runAyaOnAll(name, objects);
    const differing = objects.flatMap((bytes, index) => {
      const report = reports[index];
      const what = report === undefined ? "no report" : difference(parseElf(bytes), name, report);
      return what === undefined ? [] : [`${ayaCases[index - 1]?.rule} ${ayaCases[index - 1]?.name}: ${what}`];
    });
    expect(differing).toEqual([]);
  });
});

describe.each([
  ["0.3", "aya14", aya14],
  ["0.6", "aya16", aya16],
] as const)("aya with aya-obj %s", (version, name, judge) => {
  judgeTest(judge())(`${name} loads the plain object, and refuses maps and BTF in the words of the rules`, () => {
    expect(answer(loadWithAya(name, object())).error).toBeUndefined();
    const wrong = ayaCases
      .filter(({ rule }) => rule.startsWith("AL-"))
      .flatMap(({ rule, bytes }) => {
        const { message } = ayaVerdict(parseElf(bytes()), version, KERNEL_PROFILES["6.18"]);
        const { error = "" } = answer(loadWithAya(name, bytes()));
        const isSaid = message.split("…").every((part) => error.includes(part.trim()));
        return isSaid ? [] : [`${rule}: ${message}, it: ${error}`];
      });
    expect(wrong).toEqual([]);
  });
});
