import type { PlannedChange } from "./api.ts";
import { encodeBtf } from "./btf/encode.ts";
import { encodeBtfExt } from "./btf/ext.ts";
import type { ElfFix, ElfState, ElfStep } from "./fixes/elf-fix.ts";
import { allElfFixes } from "./fixes/elf-index.ts";
import { type OpenObject, openObject, stateOf } from "./object.ts";
import { applyPlan } from "./patch/apply.ts";
import { isEmptyPlan, type PatchPlan } from "./patch/plan.ts";
import { rebaseBtfRelocations } from "./patch/rel-btf.ts";
import { rebaseExtRelocations } from "./patch/rel-ext.ts";
import { verifyPatched } from "./patch/verify.ts";
import type { Choices } from "./rules/choices.ts";
import { findings, kernelRefuses } from "./rules/index.ts";
import type { Diagnostic, Rule } from "./rules/rule.ts";

/** An object whose ELF file has been put in order, and how. */
export interface Reshaped {
  readonly bytes: Uint8Array;
  readonly object: OpenObject;
  /** Whether the kernel throws the BTF away as it came in; undefined where nothing was reshaped: then it is for the caller to see. */
  readonly refusedAsGiven: boolean | undefined;
  readonly plan: readonly PlannedChange[];
  readonly cured: readonly Diagnostic[];
  readonly summary: readonly string[];
}

/** The step as a plan: its edits, with the sections that a new `.BTF` and `.BTF.ext` entail. */
function planOf(object: OpenObject, elf: ElfState["elf"], step: ElfStep, changes: readonly PlannedChange[]): PatchPlan {
  const { btfSection, extSection } = object;
  const sections = new Map(step.edits.sections);
  if (step.btf !== object.btf && btfSection !== undefined) {
    sections.set(btfSection.index, encodeBtf(step.btf));
    for (const [index, content] of rebaseBtfRelocations(elf, btfSection.index, object.btf, step.btf)) {
      if (!sections.has(index)) sections.set(index, content);
    }
  }
  if (step.ext !== undefined && step.ext !== object.ext && extSection !== undefined) {
    const ext = encodeBtfExt(step.ext);
    sections.set(extSection.index, ext);
    const names = { before: object.btf, after: step.btf };
    for (const [index, content] of rebaseExtRelocations(elf, extSection.index, ext, names)) {
      if (!sections.has(index)) sections.set(index, content);
    }
  }
  return { ...step.edits, sections, changes };
}

/** One repair of the file; undefined where it finds nothing to do. */
function reshapeOnce(fix: ElfFix, before: Reshaped, rules: readonly Rule[], choices: Choices): Reshaped | undefined {
  const { object } = before;
  const chosen = fix.rules.filter((rule) => rules.includes(rule));
  const { elf, btf, ext } = object;
  if (elf === undefined || chosen.length === 0) return undefined;
  const bare = { ...stateOf(object, btf, ext, choices), elf };
  const found = [...findings(bare, chosen)];
  if (found.length === 0) return undefined;
  const refusedAsGiven = before.refusedAsGiven ?? kernelRefuses([...findings(bare, rules)]);
  const step = fix.apply({ ...bare, refusedAsGiven }, found);
  const cured = found.flatMap((finding, i) => {
    const fixed = step.done[i];
    return fixed === undefined ? [] : [{ ...finding, fixed }];
  });
  if (cured.length === 0) return undefined;
  const changes = cured.map(({ rule, message, fixed, target }) => {
    const symbol = target.symbol === undefined ? undefined : elf.symbols[target.symbol]?.name;
    return { rule, what: `${message}: ${fixed}`, ...(symbol === undefined ? {} : { symbol }) };
  });
  const plan = planOf(object, elf, step, changes);
  if (isEmptyPlan(plan)) return undefined;
  const output = applyPlan(elf, plan);
  verifyPatched(elf, output, plan);
  return {
    bytes: output,
    object: openObject(output),
    refusedAsGiven,
    plan: [...before.plan, ...changes],
    cured: [...before.cured, ...cured],
    summary: [...before.summary, fix.summary(cured.length)],
  };
}

/**
 * Puts the ELF file in order: sections, symbols and relocations, one repair after the other, each applied, verified and read again.
 * `object` is `bytes` taken apart.
 *
 * Errors: REFUSED when a repair would change what the program means; VERIFY_FAILED; those of the readers.
 */
export function reshape(bytes: Uint8Array, object: OpenObject, rules: readonly Rule[], choices: Choices): Reshaped {
  let state: Reshaped = { bytes, object, refusedAsGiven: undefined, plan: [], cured: [], summary: [] };
  for (const fix of allElfFixes) state = reshapeOnce(fix, state, rules, choices) ?? state;
  return state;
}
