import { collected } from "../../../tools/mutation/in-process.ts";
import { replays as ofAya } from "../aya.ts";
import { replays as ofLibbpf } from "../libbpf.ts";
import type { AnswersOf, Replay } from "../replay.ts";
import { replays as said } from "../rules.ts";
import "../../cli/explain.test.ts";
import "../../report/explain.test.ts";
import "../../rules/alone.test.ts";
import "../../rules/asks-refusal.test.ts";
import "../../rules/chosen.test.ts";
import "../../rules/findings/bound-by-name.test.ts";
import "../../rules/findings/layout.test.ts";
import "../../rules/kernel/defects.test.ts";
import "../../rules/kernel/target.test.ts";
import "../../rules/label.test.ts";
import "../../rules/loader-target.test.ts";
import "../../rules/map-refusals.test.ts";
import "../../rules/refusals.test.ts";
import "../../rules/stray.test.ts";
import "../../rules/told.test.ts";
import "../../rules/truth.test.ts";
import "../../rules/unreadable.test.ts";
import "../../rules/verified-alone.test.ts";

/** Those that ask the kernel's rules alone, in thousands. */
const LEFT_OUT = /the first defect is what the kernel says|what is told of \d+ blobs/;

/** What becomes of maps, and of the records of programs. */
const OF_LOADERS = /libbpf-1\.[17] taken (kept|L)|aya-0\.\d (loaded|programs|created) (corner|records|kept|AL)/;

/** What is told of the judges beside what they said, and the tests of what is right in src/rules. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  const ofLoaders = [...ofLibbpf(answersOf), ...ofAya(answersOf)].filter(({ name }) => OF_LOADERS.test(name));
  return [...said(answersOf), ...ofLoaders, ...collected.filter(({ name }) => !LEFT_OUT.test(name))];
}
