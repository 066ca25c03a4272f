import type { ProgramAttributes } from "../../judges/kernel.ts";
import { CASES } from "./cases.ts";
import { CASES_OF } from "./later-cases.ts";
import { type Case, whole } from "./whole.ts";

/** Every vector, with the rule that it is of. */
export const VECTORS: readonly (readonly [id: string, vector: Case])[] = Object.entries({
  ...CASES,
  ...CASES_OF,
}).flatMap(([id, cases]) => cases.map((one) => [id, one] as const));

/** A whole program, changed. */
export function programOf(change: Case["broken"]): ProgramAttributes {
  const program = whole();
  change(program);
  return program.draft.program();
}

/** The programs of all vectors, each with its rule broken and then kept. */
export function vectorPrograms(): readonly ProgramAttributes[] {
  return VECTORS.flatMap(([, { broken, kept }]) => [programOf(broken), programOf(kept)]);
}
