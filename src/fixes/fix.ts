import type { Diagnostic, Rule } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";

/** The object after one repair. */
export interface FixStep {
  readonly state: ObjectState;
  /** For each finding, by position: what was done about it, in the past tense; undefined if it was left. */
  readonly done: readonly (string | undefined)[];
}

/** One repair: takes the findings of its rules on a state and returns the state without them. Existing ids stay. */
export interface Fix {
  /** The rules whose findings it cures; their findings come in this order. */
  readonly rules: readonly Rule[];
  /** For the outcome line: `count` findings were cured ("12 names escaped"). */
  summary(count: number): string;
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep;
}

/** "1 name", "12 names". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
