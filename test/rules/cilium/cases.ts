import { BTF_CASES, EXT_CASES } from "./btf-cases.ts";
import type { Vector } from "./draft.ts";
import { LOAD_CASES } from "./load-cases.ts";
import { MAP_CASES } from "./map-cases.ts";
import { DATA_CASES, ELF_CASES, PROGRAM_CASES, RELOCATION_CASES, STRUCT_OPS_CASES } from "./object-cases.ts";

/** The vectors of every rule, by its id. */
export const CASES: Readonly<Record<string, Vector>> = {
  ...BTF_CASES,
  ...EXT_CASES,
  ...ELF_CASES,
  ...MAP_CASES,
  ...DATA_CASES,
  ...PROGRAM_CASES,
  ...RELOCATION_CASES,
  ...STRUCT_OPS_CASES,
  ...LOAD_CASES,
};
