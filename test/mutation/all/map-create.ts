import { collected } from "../../../tools/mutation/in-process.ts";
import { replays as said } from "../map-create.ts";
import type { AnswersOf, Replay } from "../replay.ts";
import "../../rules/map-create/vectors.test.ts";

/** What was recorded, and the tests that ask no judge. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  return [...said(answersOf), ...collected.filter(({ name }) => !name.includes("the running kernel"))];
}
