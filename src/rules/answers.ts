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

/** errno(3) of Linux. */
export const ENOENT = 2;
export const ESRCH = 3;
export const EINVAL = 22;
export const EOPNOTSUPP = 95;
/** LIBBPF_ERRNO__RELOC of libbpf.h. */
export const LIBBPF_RELOC = 4005;

/** One judge refuses the object, in these words. */
export function rejects(judge: Judge, text: string, more: Pick<JudgeAnswer, "at" | "errno"> = {}): JudgeAnswer {
  return { judge, answer: "rejects", text, ...more };
}

/** libbpf refuses to open the object. */
export function cannotOpen(text: string, errno: number = EINVAL): JudgeAnswer {
  return rejects("libbpf", text, { at: "open", errno });
}

/** libbpf opens the object and fails to load it. */
export function cannotLoad(text: string, errno: number = EINVAL): JudgeAnswer {
  return rejects("libbpf", text, { at: "load", errno });
}

export function accepts(judge: Judge): JudgeAnswer {
  return { judge, answer: "accepts" };
}
