import type { Judge, JudgeAnswer } from "./rule.ts";

/**
 * The kernel refuses the whole BTF with `text` (at the end of the failing type's line); libbpf and aya go on without it, silently as
 * far as the exit status tells; cilium/ebpf fails what uses the type.
 */
export function kernelDrops(text: string): readonly JudgeAnswer[] {
  return [
    { judge: "kernel", answer: "drops the BTF", text },
    {
      judge: "libbpf",
      answer: "drops the BTF",
      text: "Error loading .BTF into kernel: -EINVAL. BTF is optional, ignoring.",
    },
  ];
}

/** One judge refuses the object. */
export function rejects(judge: Judge, text: string): JudgeAnswer {
  return { judge, answer: "rejects", text };
}

export function accepts(judge: Judge): JudgeAnswer {
  return { judge, answer: "accepts" };
}
