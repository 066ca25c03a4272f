import { type At, LoaderRefusal, type LoaderRule, type RuleMaker, ruleMaker } from "../loader.ts";
import type { LibbpfVersion } from "./sanitise.ts";

/** Errnos that libbpf returns; its own begin at 4000 (libbpf_legacy.h `enum libbpf_errno`). */
export const ENOENT = 2;
export const ESRCH = 3;
export const E2BIG = 7;
export const EINVAL = 22;
export const ERANGE = 34;
/** The same number as EOPNOTSUPP. */
export const ENOTSUP = 95;
export const FORMAT = 4001;
export const RELOC = 4005;

/** A rule of bpf_object__open. */
export const libbpfRule: RuleMaker = ruleMaker("libbpf", EINVAL);

/** First failure of an object; caught by `libbpfVerdict` alone. */
export class LibbpfRefusal extends LoaderRefusal {
  readonly errno: number;

  /** `line`: the loader's, where its rule has more than one, or holes in it; "" where the rule has none. */
  constructor(rule: LoaderRule, line: string = rule.text[0] ?? "", at: At = {}, errno: number = rule.errno) {
    super(rule, line, at);
    this.errno = errno;
  }
}

const ORDER: readonly string[] = ["1.1", "1.7"];

/** Whether a version has the rule. */
export function hasRule(version: LibbpfVersion, { since, until }: LoaderRule): boolean {
  const at = ORDER.indexOf(version);
  if (since !== undefined && at < ORDER.indexOf(since)) return false;
  return until === undefined || at <= ORDER.indexOf(until);
}
