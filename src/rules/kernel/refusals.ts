import type { Rule } from "../rule.ts";
import { kernelRules } from "./index.ts";

/** Of a report, for a rule of the kernel: "kernel/km-05" for KM-05. */
export function refusalId(kernelRule: string): string {
  return `kernel/${kernelRule.toLowerCase()}`;
}

/**
 * The kernel's rules as rules of a report. They have no check of their own: which one is broken first the kernel's own order tells
 * (`kernelVerdict`), and whether another finding says so already (`refusals.ts`).
 */
export const refusalRules: readonly Rule[] = kernelRules.map(({ id, title, source }) => ({
  id: refusalId(id),
  title,
  covers: [id],
  source: `kernel/bpf/btf.c ${source}`,
  fixable: false,
  check: () => [],
}));
