import { collected } from "../../../tools/mutation/in-process.ts";
import { replays as said } from "../libbpf.ts";
import type { AnswersOf, Replay } from "../replay.ts";
import "../../report/explain.test.ts";
import "../../rules/libbpf/errno.test.ts";
import "../../rules/libbpf/own-btf.test.ts";
import "../../rules/libbpf/vectors.test.ts";

/** What was recorded, and the tests that ask no judge. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  // Those that ask the judge again say nothing new.
  return [...said(answersOf), ...collected.filter(({ name }) => !name.includes("is libbpf's own"))];
}
