import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { allExplained } from "../../../src/explain.ts";
import { rulesPage } from "../../../src/report/explain.ts";
import { kernelRules } from "../../../src/rules/kernel/index.ts";
import { KERNEL_PROFILES } from "../../../src/rules/kernel/profile.ts";
import { kernelVerdict } from "../../../src/rules/kernel/verdict.ts";
import { judgeTest } from "../../judges/judge-test.ts";
import { kernel, kernelBtfLoad } from "../../judges/kernel.ts";
import { answer } from "../../judges/run.ts";
import { disagreement } from "./campaign.ts";
import { edgeBlobs } from "./edges.ts";
import { runningRelease } from "./summary.ts";

judgeTest(kernel())("the running kernel says of the edges of rules what its profile says", () => {
  const corners = edgeBlobs();
  const answers = answer(kernelBtfLoad(corners.map(({ blob }) => blob)));
  const profile = KERNEL_PROFILES[runningRelease()];
  const wrong = corners.flatMap(({ what, blob }, index) => {
    const said = answers[index];
    const verdict = kernelVerdict(blob, profile);
    return said === undefined || disagreement(verdict, said) !== undefined ? [{ what, verdict, said }] : [];
  });
  expect(wrong).toEqual([]);
});

test("no rule has empty words; one that is silent has none", () => {
  expect(kernelRules.filter(({ text }) => text.includes("")).map(({ id }) => id)).toEqual([]);
});

test("a rule names the functions of the kernel that look", () => {
  const name = /^(?:btf_kind_operations\.)?_*[a-z][a-z0-9_]*$/;
  const wrong = kernelRules.filter(({ source }) => !source.split(", ").every((part) => name.test(part)));
  expect(wrong.map(({ id, source }) => [id, source])).toEqual([]);
});

test("docs/rules.md has the row of each rule", () => {
  const page = readFileSync(new URL("../../../docs/rules.md", import.meta.url), "utf8").split("\n");
  const rows = rulesPage(allExplained()).split("\n");
  for (const { id } of kernelRules) {
    const [row] = rows.filter((line) => line.startsWith(`| ${id} |`));
    expect(page).toContain(row);
  }
});
