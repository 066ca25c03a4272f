import type { CheckResult } from "./api.ts";
import { type OnPhase, type OpenObject, openObject, stateOf, stateWithoutBtf } from "./object.ts";
import { btfMissing } from "./rules/elf/missing.ts";
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
  const rules = selectRules(options.only, options.skip);
  let object: OpenObject;
  try {
    object = openObject(bytes, options.onPhase);
  } catch (error) {
    const without = rules.includes(btfMissing) ? stateWithoutBtf(bytes, error) : undefined;
    if (without === undefined) throw error;
    // Of types that are still to be made, no rule can say anything.
    const diagnostics = [...findings(without, [btfMissing])];
    return { diagnostics, verdicts: verdictsOf(diagnostics, without.btf) };
  }
  const state = stateOf(object, object.btf, object.ext);
  const diagnostics: readonly Diagnostic[] = [...findings(state, rules)];
  const asked = kernelRefuses(diagnostics) ? [...findings({ ...state, refusedAsGiven: true }, rules)] : diagnostics;
  return { diagnostics: asked, verdicts: verdictsOf(asked, object.btf) };
}
