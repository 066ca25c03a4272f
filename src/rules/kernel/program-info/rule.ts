import { type KernelRule, kernelRule } from "../rule.ts";

/** A rule of BPF_PROG_LOAD: refused with EINVAL in every release. From 7.2 on the functions of verifier.c are in check_btf.c. */
export function programRule(
  id: string,
  title: string,
  source: string,
  text: string | readonly string[],
  more: Partial<KernelRule> = {},
): KernelRule {
  return kernelRule(id, title, source.includes("/") ? source : `kernel/bpf/verifier.c ${source}`, text, more);
}
