import type { CheckResult } from "./api.ts";
import { sectionNamed } from "./elf/symbols.ts";
import { type OnPhase, type OpenObject, openObject, stateOf, stateWithoutBtf } from "./object.ts";
import { untoldRefusals } from "./refusals.ts";
import { btfMissing } from "./rules/elf/missing.ts";
import { findings, kernelRefuses, selectRules } from "./rules/index.ts";
import { ALL_KERNELS, kernelTarget } from "./rules/kernel/target.ts";
import type { Diagnostic } from "./rules/rule.ts";
import { verdictsOf } from "./verdicts.ts";

/** Which rules run: rule ids or the ids of the fact pages they cover. An empty or absent `only` means all. */
export interface RuleOptions {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly onPhase?: OnPhase;
}

/** What is asked of a check: which rules run, and which kernel the object is for. */
export interface CheckOptions extends RuleOptions {
  /** A release such as "6.12"; absent: every known one. */
  readonly kernel?: string | undefined;
}

/** All findings of an object and what each judge would say. Errors: see `openObject`; USAGE for a kernel whose rules are not known. */
export async function checkObject(bytes: Uint8Array, options: CheckOptions = {}): Promise<CheckResult> {
  const rules = selectRules(options.only, options.skip);
  const kernel = options.kernel === undefined ? ALL_KERNELS : kernelTarget(options.kernel);
  let object: OpenObject;
  try {
    object = openObject(bytes, options.onPhase);
  } catch (error) {
    const without = rules.includes(btfMissing) ? stateWithoutBtf(bytes, error) : undefined;
    if (without === undefined) throw error;
    // Of types that are still to be made, no rule can say anything.
    const diagnostics = [...findings(without, [btfMissing])];
    const blob = (without.elf && sectionNamed(without.elf, ".BTF")?.bytes) ?? new Uint8Array(0);
    return { diagnostics, verdicts: verdictsOf(diagnostics, { elf: undefined, btf: without.btf, blob }, kernel) };
  }
  const state = stateOf(object, object.btf, object.ext);
  const diagnostics: readonly Diagnostic[] = [...findings(state, rules)];
  const asked = kernelRefuses(diagnostics) ? [...findings({ ...state, refusedAsGiven: true }, rules)] : diagnostics;
  const blob = object.btfSection?.bytes ?? bytes;
  const verdicts = verdictsOf(asked, { elf: object.elf, btf: object.btf, blob }, kernel);
  return { diagnostics: [...asked, ...untoldRefusals(asked, verdicts, rules, kernel)], verdicts };
}
