/** Releases whose rules are known, oldest first; a rule changed between two of them is dated by the later one. */
export const KERNEL_RELEASES = ["5.10", "6.1", "6.12", "6.18", "7.2", "7.3"] as const;

export type KernelRelease = (typeof KERNEL_RELEASES)[number];

/** One condition on which BPF_BTF_LOAD refuses a blob. Plain data; the check stands beside it. */
export interface KernelRule {
  /** As numbered in the facts of the project: "KM-05". */
  readonly id: string;
  /** What must hold, in one sentence. */
  readonly title: string;
  /** Function of kernel/bpf/btf.c that looks. */
  readonly source: string;
  /** The kernel's words, without the description of the type before them; N and M stand for numbers. None where it is silent. */
  readonly text: readonly string[];
  /** What the call returns, as a positive number. */
  readonly errno: number;
  /** First and last release that has the rule; absent where all before or after have it. */
  readonly since?: KernelRelease;
  readonly until?: KernelRelease;
  /** Why no blob can show it, where another rule always speaks first. */
  readonly unreachable?: string;
}

export const EINVAL = 22;
export const E2BIG = 7;
export const ENOMEM = 12;
export const EEXIST = 17;
export const ENOENT = 2;
export const EFAULT = 14;
export const ELOOP = 40;
/** Kernel-internal: no libc has a name for it, and it is not EOPNOTSUPP. */
export const ENOTSUPP = 524;

/** A rule of the common form: refused with EINVAL in every release. */
export function kernelRule(
  id: string,
  title: string,
  source: string,
  text: string | readonly string[],
  more: Partial<KernelRule> = {},
): KernelRule {
  return { id, title, source, text: typeof text === "string" ? [text] : text, errno: EINVAL, ...more };
}

/** Whether a release has the rule. */
export function hasRule(release: KernelRelease, { since, until }: Pick<KernelRule, "since" | "until">): boolean {
  const at = KERNEL_RELEASES.indexOf(release);
  if (since !== undefined && at < KERNEL_RELEASES.indexOf(since)) return false;
  return until === undefined || at <= KERNEL_RELEASES.indexOf(until);
}
