import { BtfFixError } from "./errors.ts";
import type { Explained, JudgeRule } from "./report/explain.ts";
import { allRules } from "./rules/index.ts";
import { judgeRules, refusalId } from "./rules/refusals.ts";

/** Everything that there is to explain. */
export function allExplained(): Explained {
  const judges = judgeRules().map(({ family, rule }): JudgeRule => {
    const told = allRules.filter(({ covers }) => covers.includes(rule.id));
    return { family, rule, told: told.map(({ id, fixable }) => ({ id, fixable })) };
  });
  return { rules: allRules, judges };
}

/** The rules of that id, or that cover the fact or the judge's rule of that id ("M2", "KM-05"). Errors: USAGE for a name that no rule has. */
export function explainRule(name: string): Explained {
  const all = allExplained();
  const rules = allRules.filter(({ id, covers }) => id === name || covers.includes(name));
  const judges = all.judges.filter(({ family, rule }) => rule.id === name || refusalId(family, rule.id) === name);
  if (rules.length + judges.length === 0) throw new BtfFixError("USAGE", `no rule is called "${name}"`);
  return { rules, judges };
}
