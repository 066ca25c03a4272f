import type { CheckResult } from "./api.ts";
import { type OnPhase, openObject, stateOf } from "./object.ts";
import { findings, kernelRefuses, selectRules } from "./rules/index.ts";
import type { Diagnostic } from "./rules/rule.ts";
import { verdictsOf } from "./verdicts.ts";

/** Which rules run: rule ids or the ids of the fact pages they cover. An empty or absent `only` means all. */
export interface RuleOptions {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly onPhase?: OnPhase;
}

/** All findings of an object and what each judge would say. Errors: see `openObject`. */
export async function checkObject(bytes: Uint8Array, options: RuleOptions = {}): Promise<CheckResult> {
  const object = openObject(bytes, options.onPhase);
  const state = stateOf(object, object.btf, object.ext);
  const rules = selectRules(options.only, options.skip);
  const diagnostics: readonly Diagnostic[] = [...findings(state, rules)];
  const asked = kernelRefuses(diagnostics) ? [...findings({ ...state, refusedAsGiven: true }, rules)] : diagnostics;
  return { diagnostics: asked, verdicts: verdictsOf(asked, object.btf) };
}
