import type { KernelRule } from "../rule.ts";
import { fieldRules } from "./fields.ts";
import { limitRules } from "./limits.ts";
import { typeRules } from "./types.ts";
import { callRules, modelRules } from "./verdict.ts";

/** Every condition on which BPF_MAP_CREATE refuses, about in the order in which the kernel looks. */
export const mapCreateRules: readonly KernelRule[] = [
  ...callRules,
  ...limitRules,
  ...modelRules,
  ...typeRules,
  ...fieldRules,
];
