import { BtfFixError } from "./errors.ts";
import type { Explained } from "./report/explain.ts";
import { allRules } from "./rules/index.ts";
import { kernelRules } from "./rules/kernel/index.ts";
import { refusalId } from "./rules/refusals.ts";

/** Everything that there is to explain. */
export function allExplained(): Explained {
  return { rules: allRules, kernel: kernelRules };
}

/** The rules of that id, or that cover the fact or the kernel's rule of that id ("M2", "KM-05"). Errors: USAGE for a name that no rule has. */
export function explainRule(name: string): Explained {
  const rules = allRules.filter(({ id, covers }) => id === name || covers.includes(name));
  const kernel = kernelRules.filter(({ id }) => id === name || refusalId("kernel", id) === name);
  if (rules.length + kernel.length === 0) throw new BtfFixError("USAGE", `no rule is called "${name}"`);
  return { rules, kernel };
}
