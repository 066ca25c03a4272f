import type { LoaderRule } from "../loader.ts";

/** A rule of cilium/ebpf, which has words and no numbers. */
export function ciliumRule(
  id: string,
  title: string,
  source: string,
  text: string | readonly string[],
  more: Partial<LoaderRule> = {},
): LoaderRule {
  return {
    id,
    title,
    source: `cilium/ebpf ${source}`,
    stage: "open",
    text: typeof text === "string" ? [text] : text,
    errno: 0,
    ...more,
  };
}

/** What is at fault, where something is. */
export interface At {
  readonly typeId?: number;
  readonly map?: string;
  readonly program?: string;
}

/** First failure of an object; thrown through the steps, and caught by `ciliumVerdict` and where the library swallows it. */
export class CiliumRefusal extends Error {
  override readonly name = "CiliumRefusal";
  readonly rule: LoaderRule;
  readonly at: At;

  constructor(rule: LoaderRule, line: string, at: At = {}) {
    super(line);
    this.rule = rule;
    this.at = at;
  }
}

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
