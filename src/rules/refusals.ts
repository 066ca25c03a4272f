import { kernelRules } from "./kernel/index.ts";
import { mapCreateRules } from "./kernel/map-create/index.ts";
import { programInfoRules } from "./kernel/program-info.ts";
import type { KernelRule } from "./kernel/rule.ts";
import type { LoaderRule } from "./loader.ts";
import { loaderRules } from "./loader-rules.ts";
import type { Rule } from "./rule.ts";

/** Of a report, for a rule of a judge: "kernel/km-05" for KM-05. */
export function refusalId(family: string, rule: string): string {
  return `${family}/${rule.toLowerCase()}`;
}

/** A rule of a judge, and the family that its findings have in a report. */
export interface FamilyRule {
  readonly family: string;
  readonly rule: KernelRule | LoaderRule;
}

/** Every rule of every judge. */
export function judgeRules(): readonly FamilyRule[] {
  return [
    ...[...kernelRules, ...mapCreateRules, ...programInfoRules].map((rule) => ({ family: "kernel", rule })),
    ...loaderRules.flatMap(({ family, rules }) => rules.map((rule) => ({ family, rule }))),
  ];
}

function ruleOf({ family, rule: { id, title, source } }: FamilyRule): Rule {
  return {
    id: refusalId(family, id),
    title,
    covers: [id],
    source: family === "kernel" && !source.includes("/") ? `kernel/bpf/btf.c ${source}` : source,
    fixable: false,
    check: () => [],
  };
}

/**
 * The judges' rules as rules of a report. They have no check of their own: which one is broken first the judge's own order tells
 * (`verdicts.ts`), and whether another finding says so already (`refusals.ts`).
 */
export function refusalRules(): readonly Rule[] {
  return judgeRules().map(ruleOf);
}

/** By the judge's id; made when the first is asked for, which most runs do not. */
let byFact: ReadonlyMap<string, FamilyRule> | undefined;

/** The rule of a report for a judge's rule, by the judge's id. */
export function refusalRule(fact: string): Rule | undefined {
  byFact ??= new Map(judgeRules().map((one) => [one.rule.id, one]));
  const found = byFact.get(fact);
  return found && ruleOf(found);
}
