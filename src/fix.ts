import type { FixResult, PlannedChange } from "./api.ts";
import { encodeBtf } from "./btf/encode.ts";
import { encodeBtfExt } from "./btf/ext.ts";
import type { RuleOptions } from "./check.ts";
import { STB_LOCAL } from "./elf/model.ts";
import { BtfFixError } from "./errors.ts";
import type { Fix } from "./fixes/fix.ts";
import { allFixes } from "./fixes/index.ts";
import { symbolsOfStatics } from "./fixes/linkage.ts";
import { type OnPhase, type OpenObject, openObject, stateOf, stateWithoutBtf } from "./object.ts";
import { applyPlan } from "./patch/apply.ts";
import { contentPlan } from "./patch/plan.ts";
import { rebaseBtfRelocations } from "./patch/rel-btf.ts";
import { verifyPatched } from "./patch/verify.ts";
import { regenerate } from "./regenerate.ts";
import { unplaced } from "./rules/datasec/placed.ts";
import { btfMissing } from "./rules/elf/missing.ts";
import { mapName } from "./rules/elf/symbols.ts";
import { findings, kernelRefuses, selectRules } from "./rules/index.ts";
import { sizeContradiction } from "./rules/maps/definition.ts";
import { specialFieldBarred } from "./rules/maps/special-field.ts";
import type { Diagnostic, Rule } from "./rules/rule.ts";
import type { ObjectState } from "./rules/state.ts";
import { verdictsOf } from "./verdicts.ts";

/** Rounds after which repairs that keep finding work are taken for a fault of ours. */
const MAX_ROUNDS = 8;

/** Findings that no repair may decide: curing them would change what the program means. */
const REFUSING: ReadonlySet<string> = new Set([mapName.id, sizeContradiction.id, specialFieldBarred.id]);

/** What one round of repairs did. */
interface Round {
  readonly state: ObjectState;
  readonly plan: readonly PlannedChange[];
  readonly cured: readonly Diagnostic[];
  readonly counts: ReadonlyMap<Fix, number>;
}

/** What each rule finds in one state. */
interface Survey {
  readonly state: ObjectState;
  readonly byRule: ReadonlyMap<Rule, readonly Diagnostic[]>;
}

function survey(state: ObjectState, rules: readonly Rule[]): Survey {
  return { state, byRule: new Map(rules.map((rule) => [rule, [...rule.check(state)]])) };
}

/** The findings of a fix's rules; only a state that a fix has changed since the survey is asked again. */
function findingsFor(fix: Fix, state: ObjectState, { state: surveyed, byRule }: Survey): readonly Diagnostic[] {
  const chosen = fix.rules.filter((rule) => byRule.has(rule));
  if (state === surveyed) return chosen.flatMap((rule) => byRule.get(rule) ?? []);
  return [...findings(state, chosen)];
}

function runFix(fix: Fix, state: ObjectState, surveyed: Survey): Round {
  const found = findingsFor(fix, state, surveyed);
  if (found.length === 0) return { state, plan: [], cured: [], counts: new Map() };
  const step = fix.apply(state, found);
  const cured: Diagnostic[] = [];
  const plan: PlannedChange[] = [];
  for (const [index, finding] of found.entries()) {
    const fixed = step.done[index];
    if (fixed === undefined) continue;
    cured.push({ ...finding, fixed });
    const { typeId } = finding.target;
    plan.push({
      rule: finding.rule,
      what: `${finding.message}: ${fixed}`,
      ...(typeId === undefined ? {} : { typeId }),
    });
  }
  return { state: step.state, plan, cured, counts: new Map([[fix, cured.length]]) };
}

function refuse(found: readonly Diagnostic[]): void {
  const finding = found.find(({ rule, severity }) => severity === "error" && REFUSING.has(rule));
  if (finding !== undefined) throw new BtfFixError("REFUSED", `${finding.message} [${finding.rule}]`);
}

interface Repair {
  readonly state: ObjectState;
  readonly plan: readonly PlannedChange[];
  readonly cured: readonly Diagnostic[];
  readonly remaining: readonly Diagnostic[];
  readonly summary: readonly string[];
}

/**
 * Runs every fix, round after round, until a round has nothing to do: so a second run of the tool has nothing to do either. Each round
 * ties the witnesses together anew, as a new run would.
 */
function repair(object: OpenObject, rules: readonly Rule[], hadNoBtf: boolean): Repair {
  let state = stateOf(object, object.btf, object.ext);
  const plan: PlannedChange[] = [];
  const cured: Diagnostic[] = [];
  const counts = new Map<Fix, number>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let surveyed = survey(state, rules);
    let found = [...surveyed.byRule.values()].flat();
    // Without BTF, too, functions were verified in the context of their callers.
    const refusedAsGiven = kernelRefuses(found) || (hadNoBtf && round === 0);
    if (refusedAsGiven) {
      state = { ...state, refusedAsGiven };
      surveyed = survey(state, rules);
      found = [...surveyed.byRule.values()].flat();
    }
    refuse(found);
    const before = plan.length;
    // Without a finding of some fixable rule there is nothing to run: the usual second round.
    const work = new Set(found.map(({ rule }) => rule));
    for (const fix of round > 0 && !allFixes.some((entry) => entry.rules.some(({ id }) => work.has(id)))
      ? []
      : allFixes) {
      const done = runFix(fix, state, surveyed);
      state = done.state;
      plan.push(...done.plan);
      cured.push(...done.cured);
      for (const [key, count] of done.counts) counts.set(key, (counts.get(key) ?? 0) + count);
    }
    if (plan.length === before) return { state, plan, cured, remaining: found, summary: summaryOf(counts) };
    state = stateOf(object, state.btf, state.ext);
  }
  throw new BtfFixError("VERIFY_FAILED", `repairs did not come to rest after ${MAX_ROUNDS} rounds`);
}

function summaryOf(counts: ReadonlyMap<Fix, number>): readonly string[] {
  return allFixes.flatMap((fix) => {
    const count = counts.get(fix) ?? 0;
    return count === 0 ? [] : [fix.summary(count)];
  });
}

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
