import type { KernelVerdict, Verdict } from "./api.ts";
import { encodeBtf } from "./btf/encode.ts";
import type { Btf } from "./btf/model.ts";
import { equalBytes } from "./bytes/compare.ts";
import type { ElfView } from "./elf/model.ts";
import { type KernelJudge, kernelJudge } from "./rules/kernel/judge.ts";
import type { KernelProfile } from "./rules/kernel/profile.ts";
import type { KernelRelease } from "./rules/kernel/rule.ts";
import type { KernelTarget } from "./rules/kernel/target.ts";
import { type BtfLoadVerdict, type KernelDefects, kernelDefects } from "./rules/kernel/verdict.ts";
import { sanitised } from "./rules/libbpf/sanitise.ts";
import { sentBtf } from "./rules/libbpf/sent.ts";

/** What is to be judged. */
export interface JudgedBtf {
  /** Undefined for a raw BTF file, in which there is nothing to lay out. */
  readonly elf: ElfView | undefined;
  /** Undefined where the bytes are none that we can read. */
  readonly btf: Btf | undefined;
  /** The bytes that `btf` was read from. */
  readonly blob: Uint8Array;
  readonly littleEndian: boolean;
}

/** The answer of one release. */
export interface ReleaseVerdict {
  readonly release: string;
  readonly verdict: KernelVerdict;
}

const STAGE = "BPF_BTF_LOAD";

/** No verdict: libbpf refuses the object before it sends anything. */
const unsent = (version: string): Verdict => ({
  version,
  accepted: null,
  stage: null,
  errno: null,
  message: null,
  typeId: null,
});

function inReport(verdict: BtfLoadVerdict, { release }: KernelProfile): Verdict {
  const { accepted, errno, message, rule, typeId } = verdict;
  if (accepted) return { ...unsent(release), accepted };
  return {
    version: release,
    accepted,
    stage: STAGE,
    errno,
    message: message === "" ? null : message.trim(),
    typeId: typeId ?? null,
    ...(rule === undefined ? {} : { rule }),
  };
}

/** What each release of the target says, oldest first: of these bytes, and of what libbpf sends. */
export function releaseVerdicts(judged: JudgedBtf, { profiles }: KernelTarget): readonly ReleaseVerdict[] {
  const { elf, btf, blob, littleEndian } = judged;
  const answers = new Map<KernelRelease, KernelVerdict>();
  const asGiven = kernelJudge(blob, littleEndian);
  // The newest first: it is what loaders stand on, who go on with what it holds.
  const newestFirst = profiles.toReversed().map((profile) => {
    const verdict = answers.get(profile.judgesAs) ?? judge(profile);
    answers.set(profile.judgesAs, verdict);
    return { release: profile.release, verdict: named(verdict, profile.release) };
  });
  return newestFirst.toReversed();

  function judge(profile: KernelProfile): KernelVerdict {
    const answerTo = (ask: KernelJudge): Verdict => inReport(ask.verdict(profile), profile);
    const sent = elf && btf && sentBtf(elf, btf, profile, "1.7");
    if (sent !== undefined) {
      const asSent = inReport(sent.verdict, profile);
      // The same where nothing was left to fill in, as in every repaired object.
      return { ...(equalBytes(sent.bytes, blob) ? asSent : answerTo(asGiven)), asSent };
    }
    const own = answerTo(asGiven);
    if (btf === undefined) return { ...own, asSent: own };
    if (elf !== undefined) return { ...own, asSent: unsent(profile.release) };
    // In a file of BTF there is nothing to lay out; a loader would still leave out kinds that the kernel does not know.
    const form = sanitised(btf, profile, "1.7");
    return { ...own, asSent: form === btf ? own : answerTo(kernelJudge(encodeBtf(form), littleEndian)) };
  }
}

/** What a kernel that stops at its first failure does not say. */
export interface LaterDefects {
  readonly verdicts: readonly Verdict[];
  readonly end: KernelDefects["end"];
}

export const NO_DEFECTS: LaterDefects = { verdicts: [], end: "all" };

/**
 * What the newest release of the target would find behind its first failure in what libbpf sends, were that mended. Empty where it takes the BTF,
 * or gets none.
 */
export function laterDefects({ elf, btf, blob, littleEndian }: JudgedBtf, { profiles }: KernelTarget): LaterDefects {
  const profile = profiles.at(-1);
  if (profile === undefined) return NO_DEFECTS;
  const sent = elf === undefined || btf === undefined ? blob : sentBtf(elf, btf, profile, "1.7")?.bytes;
  if (sent === undefined) return NO_DEFECTS;
  const { defects, end } = kernelDefects(sent, profile, littleEndian);
  return { verdicts: defects.slice(1).map((verdict) => inReport(verdict, profile)), end };
}

function named(verdict: KernelVerdict, version: string): KernelVerdict {
  return { ...verdict, version, asSent: { ...verdict.asSent, version } };
}

/** One answer for all releases: see `Verdicts.kernel`. */
export function togetherOf(releases: readonly ReleaseVerdict[], { name, isEvery }: KernelTarget): KernelVerdict {
  const newest = releases.at(-1);
  if (newest === undefined) throw new RangeError("a target has a release");
  const accepts = ({ verdict }: ReleaseVerdict): boolean => verdict.asSent.accepted === true;
  // Between two known releases the stricter holds.
  if (!isEvery) return named((releases.find((each) => !accepts(each)) ?? newest).verdict, name);
  const different = releases.findLastIndex((each) => accepts(each) !== accepts(newest));
  return named(newest.verdict, `${releases[different + 1]?.release ?? newest.release}+`);
}
