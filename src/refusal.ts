import type { ObjectVerdict, Verdict } from "./api.ts";
import type { Judge, JudgeAnswer, Severity } from "./rules/rule.ts";

/** One refusal as one judge utters it. */
export interface Refusal {
  readonly judge: Judge;
  /** "6.12", "1.7", "aya-obj 0.6". */
  readonly version: string;
  readonly verdict: Verdict & Partial<Pick<ObjectVerdict, "map" | "program">>;
  /** What it is worth if no other finding tells of it. */
  readonly severity: Severity;
  /** Of a loader. */
  readonly at?: "open" | "load";
  /** Where it is not the object that is refused. */
  readonly answer?: JudgeAnswer["answer"];
}
