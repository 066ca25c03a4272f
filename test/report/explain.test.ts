import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { allExplained, explainRule } from "../../src/explain.ts";
import { explainText, rulesPage } from "../../src/report/explain.ts";
import { paint } from "../../src/report/paint.ts";
import { cureOf } from "../../src/rules/cures.ts";
import { allRules } from "../../src/rules/index.ts";
import { refusal } from "../elf/refusal.ts";

test("docs/rules.md is what the rules say", () => {
  const page = readFileSync(new URL("../../docs/rules.md", import.meta.url), "utf8");
  expect(page).toBe(rulesPage(allExplained()));
});

test("every rule has a row, and no name stands for two", () => {
  const { rules, judges } = allExplained();
  const page = rulesPage({ rules, judges });
  for (const { id } of rules) expect(page).toContain(`| \`${id}\` |`);
  for (const { rule } of judges) expect(page).toContain(`| ${rule.id} |`);
  const ids = [...rules.map(({ id }) => id), ...judges.map(({ rule }) => rule.id)];
  expect(new Set(ids).size).toBe(ids.length);
});

test("every rule that a repair answers says what the repair does", () => {
  for (const { id, fixable } of allRules) expect(cureOf(id) !== undefined, id).toBe(fixable);
});

test("a rule is found by its id, and by the facts that it covers", () => {
  const text = (name: string): string => explainText(explainRule(name), paint(false));
  expect(text("map/value-size-conflict")).toContain(
    "  = covers M2, LM-14\n  = btf-fix keeps what DWARF says, and drops the other member\n",
  );
  expect(text("M2")).toBe(text("map/value-size-conflict"));
  expect(text("KM-05")).toMatch(
    /^btf\/member-order: [\s\S]*\nKM-05: [\s\S]*the kernel says "Invalid member bits_offset"/,
  );
  expect(refusal(() => explainRule("M2x")).code).toBe("USAGE");
});
