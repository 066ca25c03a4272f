import type { KernelRule } from "../rule.ts";

/** Every condition on which BPF_MAP_CREATE refuses, about in the order in which the kernel looks. */
export const mapCreateRules: readonly KernelRule[] = [];
