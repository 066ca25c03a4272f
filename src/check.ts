import type { CheckResult } from "./api.ts";
import { sectionNamed } from "./elf/symbols.ts";
import { BtfFixError } from "./errors.ts";
import { laterDefects, NO_DEFECTS } from "./kernel-verdicts.ts";
import { type OnPhase, type OpenObject, openObject, stateOf, stateWithoutBtf } from "./object.ts";
import { isOfRust, untoldRefusals, weighed } from "./refusals.ts";
import { cureOf } from "./rules/cures.ts";
import { btfMissing } from "./rules/elf/missing.ts";
import { findings, foundIn, kernelRefuses, selectRules, survey, surveyAsRefused } from "./rules/index.ts";
import { ALL_KERNELS, kernelTarget } from "./rules/kernel/target.ts";
import { loaderTarget } from "./rules/loaders.ts";
import type { Diagnostic, Rule } from "./rules/rule.ts";
import { simulateAll } from "./rules/simulators.ts";
import { checkUnreadable } from "./unreadable.ts";
import { type Judges, verdictsOf } from "./verdicts.ts";

/** Which rules run: rule ids or the ids of the fact pages they cover. An empty or absent `only` means all. */
export interface RuleOptions {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly onPhase?: OnPhase;
}

/** A finding that a repair takes away says how, unless it gives better advice. */
function withCure(finding: Diagnostic): Diagnostic {
  const cure = finding.help === undefined ? cureOf(finding.rule) : undefined;
  return cure === undefined ? finding : { ...finding, help: `btf-fix ${cure}` };
}

/** What is asked of a check: which rules run, and which kernels and loaders the object is for. */
export interface CheckOptions extends RuleOptions {
  /** A release such as "6.12"; absent: every known one. */
  readonly kernel?: string | undefined;
  /** Loaders whose answers count: "libbpf", "libbpf@1.1", "cilium", "aya", "aya@0.3"; absent or empty: all, and libbpf decides. */
  readonly loaders?: readonly string[] | undefined;
}

/**
 * All findings of an object and what each judge would say; of one that cannot be taken apart, though its ELF file holds a `.BTF`, what the judges
 * say of its bytes. Errors: see `openObject`; USAGE for a kernel or a loader whose rules are not known.
 */
export async function checkObject(bytes: Uint8Array, options: CheckOptions = {}): Promise<CheckResult> {
  const rules = selectRules(options.only, options.skip);
  const judges: Judges = {
    kernels: options.kernel === undefined ? ALL_KERNELS : kernelTarget(options.kernel),
    loaders: loaderTarget(options.loaders),
    simulate: simulateAll,
  };
  let object: OpenObject;
  try {
    object = openObject(bytes, options.onPhase);
  } catch (error) {
    const without = rules.includes(btfMissing) ? stateWithoutBtf(bytes, error) : undefined;
    if (without === undefined) {
      const result = error instanceof BtfFixError ? checkUnreadable(bytes, error, rules, judges) : undefined;
      if (result === undefined) throw error;
      return result;
    }
    // Of types that are still to be made, no rule can say anything.
    const diagnostics = weighed([...findings(without, [btfMissing])], judges.loaders).map(withCure);
    const blob = (without.elf && sectionNamed(without.elf, ".BTF")?.bytes) ?? new Uint8Array(0);
    return {
      diagnostics,
      verdicts: verdictsOf(
        diagnostics,
        { elf: undefined, btf: undefined, blob, littleEndian: without.btf.littleEndian },
        judges,
      ),
    };
  }
  try {
    return checkOpened(bytes, object, rules, judges);
  } finally {
    // What was found are words and numbers.
    object.lowered?.dwarf.release();
  }
}

function checkOpened(bytes: Uint8Array, object: OpenObject, rules: readonly Rule[], judges: Judges): CheckResult {
  const state = stateOf(object, object.btf, object.ext);
  const surveyed = survey(state, rules);
  const asked = foundIn(kernelRefuses(foundIn(surveyed)) ? surveyAsRefused(surveyed) : surveyed);
  const blob = object.btfSection?.bytes ?? bytes;
  const { elf, btf } = object;
  const judged = { elf, btf, blob, littleEndian: btf.littleEndian };
  const verdicts = verdictsOf(asked, judged, judges);
  const later = verdicts.kernel.asSent.accepted === false ? laterDefects(judged, judges.kernels) : NO_DEFECTS;
  const named = { btf, join: state.join, isObject: elf !== undefined, isRust: isOfRust(object.lowered) };
  const found = weighed(asked, judges.loaders).map(withCure);
  return { diagnostics: [...found, ...untoldRefusals(found, verdicts, rules, named, judges, later)], verdicts };
}
