import { kernelRules } from "./kernel/index.ts";
import type { Rule } from "./rule.ts";
import { loaderRules } from "./simulators.ts";

/** Of a report, for a rule of a judge: "kernel/km-05" for KM-05. */
export function refusalId(family: string, rule: string): string {
  return `${family}/${rule.toLowerCase()}`;
}

/** A judge's rule as a rule of a report. */
function ruleOf(family: string, { id, title, source }: Pick<Rule, "id" | "title" | "source">): Rule {
  return { id: refusalId(family, id), title, covers: [id], source, fixable: false, check: () => [] };
}

/**
 * The judges' rules as rules of a report. They have no check of their own: which one is broken first the judge's own order tells
 * (`verdicts.ts`), and whether another finding says so already (`refusals.ts`).
 */
export const refusalRules: readonly Rule[] = [
  ...kernelRules.map((rule) => ruleOf("kernel", { ...rule, source: `kernel/bpf/btf.c ${rule.source}` })),
  ...loaderRules.flatMap(({ family, rules }) => rules.map((rule) => ruleOf(family, rule))),
];

const byFact: ReadonlyMap<string, Rule> = new Map(
  refusalRules.flatMap((rule) => rule.covers.map((fact) => [fact, rule] as const)),
);

/** The rule of a report for a judge's rule, by the judge's id. */
export function refusalRule(fact: string): Rule | undefined {
  return byFact.get(fact);
}
