import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";
import { kernelsComparisons } from "./rules/kernels.ts";
import { loadersComparisons } from "./rules/loaders.ts";

export function replays(answersOf: AnswersOf): readonly Replay[] {
  return [
    ...replaysOf("rules-kernels", answersOf, kernelsComparisons),
    ...replaysOf("rules-loaders", answersOf, loadersComparisons),
  ];
}
