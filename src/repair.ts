import type { PlannedChange } from "./api.ts";
import { BtfFixError } from "./errors.ts";
import type { Fix } from "./fixes/fix.ts";
import { allFixes } from "./fixes/index.ts";
import { type OpenObject, stateOf } from "./object.ts";
import type { Choices } from "./rules/choices.ts";
import { mapName } from "./rules/elf/symbols.ts";
import { findings, foundIn, kernelRefuses, type Survey, survey, surveyAsRefused } from "./rules/index.ts";
import { sizeContradiction } from "./rules/maps/definition.ts";
import { specialFieldBarred } from "./rules/maps/special-field.ts";
import { unknownMapType } from "./rules/maps/unknown-type.ts";
import type { Diagnostic, Rule } from "./rules/rule.ts";
import type { ObjectState } from "./rules/state.ts";

/** Rounds after which repairs that keep finding work are taken for a fault of ours. */
const MAX_ROUNDS = 8;

/** Findings that no repair may decide: curing them would change what the program means. */
const REFUSING: ReadonlySet<string> = new Set([
  mapName.id,
  sizeContradiction.id,
  specialFieldBarred.id,
  unknownMapType.id,
]);

/** What one round of repairs did. */
interface Round {
  readonly state: ObjectState;
  readonly plan: readonly PlannedChange[];
  readonly cured: readonly Diagnostic[];
  readonly counts: ReadonlyMap<Fix, number>;
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

/** What a repair starts from, beside the object. */
export interface Given {
  readonly choices: Choices;
  /**
   * Whether the kernel threw the BTF away as the user gave it, where the object is no longer that one. Without BTF, too, functions were
   * verified in the context of their callers. Undefined: the rules tell.
   */
  readonly refused: boolean | undefined;
}

/** What all rounds together did, and what is left. */
export interface Repair {
  readonly state: ObjectState;
  readonly plan: readonly PlannedChange[];
  readonly cured: readonly Diagnostic[];
  /** What was found before the first round, and what is left after the last. */
  readonly first: readonly Diagnostic[];
  readonly remaining: readonly Diagnostic[];
  readonly summary: readonly string[];
}

/** All fixes, since one makes work for another; none where no finding is a fix's to cure, as in the usual last round. */
function fixesFor(found: readonly Diagnostic[]): readonly Fix[] {
  const work = new Set(found.map(({ rule }) => rule));
  return allFixes.some((fix) => fix.rules.some(({ id }) => work.has(id))) ? allFixes : [];
}

/**
 * Runs every fix, round after round, until a round has nothing to do: so a second run of the tool has nothing to do either. Each round
 * ties the witnesses together anew, as a new run would.
 */
export function repair(object: OpenObject, rules: readonly Rule[], given: Given): Repair {
  const { choices } = given;
  let state = stateOf(object, object.btf, object.ext, choices);
  const plan: PlannedChange[] = [];
  const cured: Diagnostic[] = [];
  const counts = new Map<Fix, number>();
  let first: readonly Diagnostic[] | undefined;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let surveyed = survey(state, rules);
    let found = foundIn(surveyed);
    const refusedAsGiven = (round === 0 ? given.refused : undefined) ?? kernelRefuses(found);
    if (refusedAsGiven) {
      surveyed = surveyAsRefused(surveyed);
      state = surveyed.state;
      found = foundIn(surveyed);
    }
    refuse(found);
    first ??= found;
    const before = plan.length;
    for (const fix of fixesFor(found)) {
      const done = runFix(fix, state, surveyed);
      state = done.state;
      plan.push(...done.plan);
      cured.push(...done.cured);
      for (const [key, count] of done.counts) counts.set(key, (counts.get(key) ?? 0) + count);
    }
    if (plan.length === before) return { state, plan, cured, first, remaining: found, summary: summaryOf(counts) };
    state = stateOf(object, state.btf, state.ext, choices);
  }
  throw new BtfFixError("VERIFY_FAILED", `repairs did not come to rest after ${MAX_ROUNDS} rounds`);
}

function summaryOf(counts: ReadonlyMap<Fix, number>): readonly string[] {
  return allFixes.flatMap((fix) => {
    const count = counts.get(fix) ?? 0;
    return count === 0 ? [] : [fix.summary(count)];
  });
}
