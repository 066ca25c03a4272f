import { type At, LoaderRefusal, type LoaderRule, type RuleMaker, ruleMaker } from "../loader.ts";

/** A rule of cilium/ebpf, which has words and no numbers. */
export const ciliumRule: RuleMaker = ruleMaker("cilium/ebpf", 0);

/** First failure of an object; caught by `ciliumVerdict` and where the library swallows it. */
export class CiliumRefusal extends LoaderRefusal {}

/** Thrown where the library reads what we do not, or more than we care to: nothing can be said then. */
export class Unread extends Error {
  override readonly name = "Unread";
}

/** Refuses in the rule's words, or in `line`. */
export function refuse(rule: LoaderRule, line: string = rule.text[0] ?? "", at: At = {}): never {
  throw new CiliumRefusal(rule, line, at);
}

/** Runs a step; its failure is told after `prefix`, and blamed on `at` where nothing nearer is at fault. */
export function within<T>(prefix: string, step: () => T, at: At = {}): T {
  try {
    return step();
  } catch (refusal) {
    if (!(refusal instanceof CiliumRefusal)) throw refusal;
    throw new CiliumRefusal(refusal.rule, `${prefix}: ${refusal.message}`, { ...at, ...refusal.at });
  }
}

/** Steps that an object may take in all: parts that overlap or are shared cost the library far more than their bytes. */
export class Budget {
  private left: number;

  /** `size`: bytes of the object. */
  constructor(size: number) {
    this.left = 64 * size + 0x10_0000;
  }

  /** Throws Unread once everything is spent. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw new Unread();
  }
}
