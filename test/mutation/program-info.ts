import { KERNEL_PROFILES } from "../../src/rules/kernel/profile.ts";
import { type ProgramInfoVerdict, programInfoVerdict } from "../../src/rules/kernel/program-info.ts";
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

function verdictOf(input: Uint8Array, release: KernelRelease): ProgramInfoVerdict {
  const { program, held } = readingOf(input, release);
  // The rules remember what they found in BTF: what a mutant found must not be there for the next, so that each is given a blob of its own.
  const btf = held && (Object.create(held.subject) as typeof held.subject);
  return programInfoVerdict(program, btf, KERNEL_PROFILES[release]);
}

function said(verdict: ProgramInfoVerdict, answer: ProgramLoadVerdict): string | undefined {
  const what = difference(verdict, answer);
  if (what === undefined || what === "later") return undefined;
  return `${what}: ${JSON.stringify(verdict)}, not ${answer.errno} ${answer.log.slice(0, 200)}`;
}

/** Whether the kernel says something else because it looks at its own types before, which the verdict knows. */
function undecided(verdict: ProgramInfoVerdict, answer: ProgramLoadVerdict): string | undefined {
  if (said(verdict, answer) === undefined) return "the same";
  return verdict.undecided ? undefined : "something else is said of what is decided";
}

const KFUNC = 2;
const TYPE_ID_LOCAL = 6;

/** Whether a program has to do with the kernel's own types at all: a call of a kfunc, or a relocation of more than the local type. */
function asksKernel({ insns, coreRelo }: ProgramAttributes): boolean {
  // One of no number it lets pass.
  const isNumbered = (at: number): boolean => insns.subarray(at + 2, at + 8).some((byte) => byte !== 0);
  const isCall = (at: number): boolean => insns[at] === 0x85 && (insns[at + 1] ?? 0) >> 4 === KFUNC && isNumbered(at);
  const calls = insns.some((_, at) => at % 8 === 0 && isCall(at));
  if (coreRelo === undefined) return calls;
  const { records, recordSize } = coreRelo;
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  for (let at = 0; recordSize >= 16 && at + 16 <= records.length; at += recordSize) {
    if (view.getUint32(at + 12, true) !== TYPE_ID_LOCAL) return true;
  }
  return calls;
}

function decided(verdict: ProgramInfoVerdict, program: ProgramAttributes): string | undefined {
  return verdict.undecided && !asksKernel(program) ? "nothing that the kernel's own types decide" : undefined;
}

/** Errno, words and record size; that the verdict knows where the kernel's own types have a say, and that there they can have one. */
export function programComparisons(release: KernelRelease): readonly Comparison<ProgramLoadVerdict>[] {
  return [
    { name: "verdict", differ: (input, answer) => said(verdictOf(input, release), answer) },
    { name: "undecided", differ: (input, answer) => undecided(verdictOf(input, release), answer) },
    { name: "decided", differ: (input) => decided(verdictOf(input, release), readingOf(input, release).program) },
  ];
}

/** What each release said of programs, the running kernel first. */
export function replays(answersOf: AnswersOf): readonly Replay[] {
  return KERNEL_RELEASES.toSorted((one) => (one === "6.18" ? -1 : 0)).flatMap((release) =>
    replaysOf(`program-info-${release}`, answersOf, programComparisons(release)),
  );
}
