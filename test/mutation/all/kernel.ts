import { collected } from "../../../tools/mutation/in-process.ts";
import { replays as said } from "../kernel.ts";
import type { AnswersOf, Replay } from "../replay.ts";
import "../../report/explain.test.ts";
import "../../rules/kernel/corners.test.ts";
import "../../rules/kernel/defects.test.ts";
import "../../rules/kernel/judge.test.ts";
import "../../rules/kernel/repeated-fields.test.ts";
import "../../rules/kernel/target.test.ts";
import "../../rules/kernel/vectors.test.ts";
import "../../rules/map-create/vectors.test.ts";

/** What was recorded, and the tests that ask no judge. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  // The one that asks the kernel again says nothing new.
  return [...said(answersOf), ...collected.filter(({ name }) => !name.includes("the running kernel"))];
}
