import { collected } from "../../../tools/mutation/in-process.ts";
import type { AnswersOf, Replay } from "../replay.ts";
import { replays as said } from "../rules.ts";
import "../../cli/explain.test.ts";
import "../../report/explain.test.ts";
import "../../rules/alone.test.ts";
import "../../rules/asks-refusal.test.ts";
import "../../rules/chosen.test.ts";
import "../../rules/kernel/defects.test.ts";
import "../../rules/kernel/target.test.ts";
import "../../rules/label.test.ts";
import "../../rules/loader-target.test.ts";
import "../../rules/map-refusals.test.ts";
import "../../rules/refusals.test.ts";
import "../../rules/truth.test.ts";
import "../../rules/unreadable.test.ts";
import "../../rules/verified-alone.test.ts";

/** Those that ask the kernel's rules alone, in thousands. */
const LEFT_OUT = /the first defect is what the kernel says|what is told of \d+ blobs/;

/** What is told of the judges beside what they said, and the tests of what is right in src/rules. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  return [...said(answersOf), ...collected.filter(({ name }) => !LEFT_OUT.test(name))];
}
