import type { Comparison } from "../../../tools/mutation/answers.ts";

/*
 * What `checkObject` tells of the judges, beside what they said: that each refusal is a finding, of the versions that refuse, in their words, and
 * as bad as it is for whoever asks.
 */

/** A row of versions, as it would be told of them. */
export function rowText(releases: readonly string[]): string {
  const [first = "", second = ""] = releases;
  if (releases.length < 2) return first;
  return releases.length === 2 ? `${first} and ${second}` : `${first} to ${releases.at(-1)}`;
}

type Differ<Answer> = (bytes: Uint8Array, answer: Answer) => Promise<string | undefined>;

/** Comparisons by name; who asks for what cannot be read gets no answer. */
export function comparisons<Answer>(all: Readonly<Record<string, Differ<Answer>>>): readonly Comparison<Answer>[] {
  return Object.entries(all).map(([name, differ]) => ({
    name,
    differ: (bytes, answer) => differ(bytes, answer).catch((error: unknown) => `threw ${String(error)}`),
  }));
}
