import { type At, LoaderRefusal, type LoaderRule, type RuleMaker, ruleMaker } from "../loader.ts";

/** The crates whose behaviour is known: aya-obj 0.3.0 (of aya 0.14) and 0.6.0 (of aya 0.16). */
export type AyaVersion = "0.3" | "0.6";

/** What Rust prints where a library gives up instead of returning an error. */
export const PANIC = "thread 'main' panicked";

/** A rule of Object::parse; aya has no errnos. */
export const ayaRule: RuleMaker = ruleMaker("aya-obj", 0);

/** A condition on which aya does not return an error but panics. */
export function ayaPanic(id: string, title: string, source: string, more: Partial<LoaderRule> = {}): LoaderRule {
  return ayaRule(id, `${title} (aya panics)`, source, PANIC, more);
}

/** First failure of an object; caught by `ayaVerdict` alone. */
export class AyaRefusal extends LoaderRefusal {
  /** Whether it is a BtfError, which Object::parse wraps. */
  readonly ofBtf: boolean;

  constructor(rule: LoaderRule, line: string, ofBtf = false, at: At = {}) {
    super(rule, line, at);
    this.ofBtf = ofBtf;
  }
}

/** Throws an error of aya's, in its words. */
export function refuse(rule: LoaderRule, line: string, at: At = {}): never {
  throw new AyaRefusal(rule, line, false, at);
}

/** Throws an error of aya's reader of BTF. */
export function refuseBtf(rule: LoaderRule, line: string, at: At = {}): never {
  throw new AyaRefusal(rule, line, true, at);
}

/** Throws a panic. */
export function panic(rule: LoaderRule, at: At = {}): never {
  throw new AyaRefusal(rule, PANIC, false, at);
}
