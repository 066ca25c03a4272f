import type { LoaderRule } from "../loader.ts";
import type { LibbpfVersion } from "./sanitise.ts";

/** Errnos that libbpf returns; its own begin at 4000 (libbpf_legacy.h `enum libbpf_errno`). */
export const ENOENT = 2;
export const ESRCH = 3;
export const E2BIG = 7;
export const EINVAL = 22;
export const EOPNOTSUPP = 95;
/** Kernel-internal, and used by libbpf all the same. */
export const ENOTSUP = 95;
export const FORMAT = 4001;
export const RELOC = 4005;

/** A rule of bpf_object__open: refused with EINVAL in every version. */
export function libbpfRule(
  id: string,
  title: string,
  source: string,
  text: string | readonly string[],
  more: Partial<LoaderRule> = {},
): LoaderRule {
  return {
    id,
    title,
    source: `libbpf ${source}`,
    stage: "open",
    text: typeof text === "string" ? [text] : text,
    errno: EINVAL,
    ...more,
  };
}

/** What is at fault, where something is. */
export interface At {
  readonly typeId?: number;
  readonly map?: string;
  readonly program?: string;
}

/** First failure of an object; thrown through the steps, and caught by `libbpfVerdict` alone. */
export class LibbpfRefusal extends Error {
  override readonly name = "LibbpfRefusal";
  readonly rule: LoaderRule;
  readonly errno: number;
  readonly at: At;

  /** `line`: what libbpf prints, "" if nothing. */
  constructor(rule: LoaderRule, line: string, at: At = {}, errno: number = rule.errno) {
    super(line);
    this.rule = rule;
    this.errno = errno;
    this.at = at;
  }
}

const ORDER: readonly string[] = ["1.1", "1.7"];

/** Whether a version has the rule. */
export function hasRule(version: LibbpfVersion, { since, until }: LoaderRule): boolean {
  const at = ORDER.indexOf(version);
  if (since !== undefined && at < ORDER.indexOf(since)) return false;
  return until === undefined || at <= ORDER.indexOf(until);
}
