import type { FixResult } from "./api.ts";
import { encodeBtf } from "./btf/encode.ts";
import { encodeBtfExt } from "./btf/ext.ts";
import type { RuleOptions } from "./check.ts";
import { STB_LOCAL } from "./elf/model.ts";
import { symbolsOfStatics } from "./fixes/linkage.ts";
import { type OnPhase, type OpenObject, openObject, stateWithoutBtf } from "./object.ts";
import { applyPlan } from "./patch/apply.ts";
import { contentPlan } from "./patch/plan.ts";
import { rebaseBtfRelocations } from "./patch/rel-btf.ts";
import { verifyPatched } from "./patch/verify.ts";
import { regenerate } from "./regenerate.ts";
import { type Repair, repair } from "./repair.ts";
import { unplaced } from "./rules/datasec/placed.ts";
import { btfMissing } from "./rules/elf/missing.ts";
import { findings, selectRules } from "./rules/index.ts";
import type { Rule } from "./rules/rule.ts";
import type { ObjectState } from "./rules/state.ts";
import { verdictsOf } from "./verdicts.ts";

/** The file with the repaired sections, read again and compared before it is given out. */
function patched(bytes: Uint8Array, object: OpenObject, { state, plan }: Repair): Uint8Array {
  const { elf, btfSection, extSection } = object;
  const blob = encodeBtf(state.btf);
  if (elf === undefined || btfSection === undefined) return blob;
  const contents = new Map<number, Uint8Array>([[btfSection.index, blob]]);
  for (const [index, content] of rebaseBtfRelocations(elf, btfSection.index, object.btf, state.btf))
    contents.set(index, content);
  if (extSection !== undefined && state.ext !== undefined && state.ext !== object.ext) {
    contents.set(extSection.index, encodeBtfExt(state.ext));
  }
  const locals = symbolsOfStatics(object, state);
  const patch = {
    ...contentPlan(contents, plan),
    symbols: locals.map((symbol) => ({ symbol, binding: STB_LOCAL })),
  };
  const output = plan.length === 0 ? bytes : applyPlan(elf, patch);
  if (output !== bytes) verifyPatched(elf, output, patch);
  return output;
}

/**
 * Repairs an object whose BTF can be read. `hadNoBtf`: it has just been made, so that the kernel has not yet seen any. Errors: as
 * `fixObject`.
 */
export function fixReadable(bytes: Uint8Array, options: RuleOptions & { readonly hadNoBtf?: boolean }): FixResult {
  const rules = selectRules(options.only, options.skip);
  return fixOpened(bytes, openObject(bytes, options.onPhase), { rules, ...options });
}

function fixOpened(
  bytes: Uint8Array,
  object: OpenObject,
  options: {
    readonly rules: readonly Rule[];
    readonly hadNoBtf?: boolean;
    readonly onPhase?: OnPhase;
  },
): FixResult {
  const repaired = repair(object, options.rules, options.hadNoBtf ?? false);
  options.onPhase?.("fix");
  const output = patched(bytes, object, repaired);
  options.onPhase?.("write");
  return {
    bytes: output,
    // Filling in what every compiler leaves to the loader is no repair of a defect.
    changed: repaired.cured.some(({ rule, severity }) => rule !== unplaced.id || severity === "error"),
    plan: repaired.plan,
    diagnostics: [...repaired.cured, ...repaired.remaining],
    summary: repaired.summary,
    verdicts: verdictsOf(repaired.remaining, repaired.state.btf),
  };
}

/** Makes the BTF from debug info as LLVM should have written it, then repairs what is left: two passes, each verified. */
async function fixUnreadable(bytes: Uint8Array, without: ObjectState, options: RuleOptions): Promise<FixResult> {
  const fixed = "regenerated from DWARF";
  const { bytes: made } = regenerate(bytes, { from: "dwarf", dialect: "rust" });
  const result = fixReadable(made, { ...options, hadNoBtf: true });
  const found = [...findings(without, [btfMissing])];
  return {
    ...result,
    changed: true,
    plan: [...found.map(({ rule, message }) => ({ rule, what: `${message}: ${fixed}` })), ...result.plan],
    diagnostics: [...found.map((finding) => ({ ...finding, fixed })), ...result.diagnostics],
    summary: [`.BTF ${fixed}`, ...result.summary],
  };
}

/**
 * Repairs an object; one that has debug info but no `.BTF` that can be read is given one. Existing type ids stay, instructions never
 * change, and the result is read again before it is returned.
 *
 * Errors: see `openObject`; REFUSED when a repair would change meaning; VERIFY_FAILED when the result is not what was planned.
 */
export async function fixObject(bytes: Uint8Array, options: RuleOptions = {}): Promise<FixResult> {
  const rules = selectRules(options.only, options.skip);
  let object: OpenObject;
  try {
    object = openObject(bytes, options.onPhase);
  } catch (error) {
    const without = rules.includes(btfMissing) ? stateWithoutBtf(bytes, error) : undefined;
    if (without === undefined) throw error;
    return fixUnreadable(bytes, without, options);
  }
  return fixOpened(bytes, object, { ...options, rules });
}
