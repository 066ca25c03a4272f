import type { Comparison, Recorded } from "../../tools/mutation/answers.ts";

/** Verdicts to compare with what a judge said of the same inputs; throws at the first that differs. */
export interface Replay {
  readonly name: string;
  run(): unknown;
}

/** What was recorded of a judge, by its name. */
export type AnswersOf = <Answer>(name: string) => readonly Recorded<Answer>[];

/** Inputs in one replay: more run in vain where one of them would do. */
const MOST = 100;

/** The answers of a judge, a few at a time, by each comparison in which judge and unchanged rules agree. */
export function replaysOf<Answer>(
  name: string,
  answersOf: AnswersOf,
  comparisons: readonly Comparison<Answer>[],
): readonly Replay[] {
  const answers = answersOf<Answer>(name);
  return comparisons.flatMap((comparison) => {
    const groups = new Map<string, Recorded<Answer>[]>();
    const sizes = new Map<string, number>();
    for (const one of answers) {
      if (!one.agreed.includes(comparison.name)) continue;
      const size = sizes.get(one.group) ?? 0;
      sizes.set(one.group, size + 1);
      const key = `${name} ${comparison.name} ${one.group} ${Math.floor(size / MOST)}`;
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    return [...groups].map(
      ([group, members]): Replay => ({
        name: group,
        async run() {
          for (const { input, answer } of members) {
            const what = await comparison.differ(input, answer);
            if (what !== undefined) throw new Error(what);
          }
        },
      }),
    );
  });
}
