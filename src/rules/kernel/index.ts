import { allTypesRules } from "./all-types.ts";
import { chainRules } from "./chains.ts";
import { headerRules } from "./header.ts";
import { listRules } from "./lists.ts";
import { memberRules } from "./members.ts";
import { prototypeRules } from "./prototypes.ts";
import { referenceRules } from "./references.ts";
import type { KernelRule } from "./rule.ts";
import { scalarRules } from "./scalars.ts";
import { secondPassRules } from "./second-pass.ts";
import { sectionRules } from "./sections.ts";
import { specialFieldRules } from "./special-fields.ts";

/** Every condition on which BPF_BTF_LOAD refuses, about in the order in which the kernel looks. */
export const kernelRules: readonly KernelRule[] = [
  ...headerRules,
  ...sectionRules,
  ...allTypesRules,
  ...scalarRules,
  ...referenceRules,
  ...listRules,
  ...memberRules,
  ...prototypeRules,
  ...secondPassRules,
  ...chainRules,
  ...specialFieldRules,
];
