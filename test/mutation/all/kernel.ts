import { collected } from "../../../tools/mutation/in-process.ts";
import { replays as said } from "../kernel.ts";
import { replays as saidOfMaps } from "../map-create.ts";
import type { AnswersOf, Replay } from "../replay.ts";
import "../../report/explain.test.ts";
import "../../rules/kernel/corners.test.ts";
import "../../rules/kernel/defects.test.ts";
import "../../rules/kernel/judge.test.ts";
import "../../rules/kernel/repeated-fields.test.ts";
import "../../rules/kernel/target.test.ts";
import "../../rules/kernel/vectors.test.ts";
import "../../rules/map-create/vectors.test.ts";

/** Those that ask the kernel again, which says nothing new, that are about all rules, that measure time, or that draw more than a mutant has time for. */
const LEFT_OUT =
  /the running kernel|is what the rules say|a long list of parameters is cut|what is told of 300 blobs|the first defect is what|in every order: [1-9]/;

/** What was recorded, and the tests of these rules. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  return [...said(answersOf), ...saidOfMaps(answersOf), ...collected.filter(({ name }) => !LEFT_OUT.test(name))];
}
