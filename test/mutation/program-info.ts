import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { programInfoVerdict } from "../../src/rules/kernel/program-info.ts";
import { KERNEL_RELEASES, type KernelRelease } from "../../src/rules/kernel/rule.ts";
import { kernelReading } from "../../src/rules/kernel/verdict.ts";
import type { Comparison } from "../../tools/mutation/answers.ts";
import { type ProgramAttributes, type ProgramLoadVerdict, programOfStream } from "../judges/kernel.ts";
import { difference } from "../rules/program-info/campaign.ts";
import { type AnswersOf, type Replay, replaysOf } from "./replay.ts";

/** A program, and the BTF that the release holds of it. */
interface Read {
  readonly program: ProgramAttributes;
  readonly held: ReturnType<typeof kernelReading>["held"];
}

const read = new WeakMap<Uint8Array, Read>();

function readingOf(input: Uint8Array, release: KernelRelease): Read {
  let known = read.get(input);
  if (known === undefined) {
    const program = programOfStream(input);
    known = { program, held: program.btf && kernelReading(program.btf, KERNEL_PROFILES[release]).held };
    read.set(input, known);
  }
  return known;
}

/** What differs; words of the kernel's own types may come before ours where the verdict is undecided, and only there. */
function differenceOf(input: Uint8Array, said: ProgramLoadVerdict, release: KernelRelease): string | undefined {
  const { program, held } = readingOf(input, release);
  const verdict = programInfoVerdict(program, held?.subject, KERNEL_PROFILES[release]);
  const what = difference(verdict, said);
  if (what === undefined || what === "later") return undefined;
  return `${what}: ${JSON.stringify(verdict)}, not ${said.errno} ${said.log.slice(0, 200)}`;
}

export function programComparisons(release: KernelRelease): readonly Comparison<ProgramLoadVerdict>[] {
  return [{ name: "verdict", differ: (input, said) => differenceOf(input, said, release) }];
}

/** What each release said of programs, the running kernel first. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  return KERNEL_RELEASES.toSorted((one) => (one === "6.18" ? -1 : 0)).flatMap((release) =>
    replaysOf(`program-info-${release}`, answersOf, programComparisons(release)),
  );
}
