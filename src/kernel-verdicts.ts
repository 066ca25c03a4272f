import type { KernelVerdict, Verdict } from "./api.ts";
import { encodeBtf } from "./btf/encode.ts";
import type { Btf } from "./btf/model.ts";
import type { ElfView } from "./elf/model.ts";
import type { KernelProfile } from "./rules/kernel/profile.ts";
import type { KernelTarget } from "./rules/kernel/target.ts";
import { kernelVerdict } from "./rules/kernel/verdict.ts";
import { fixedUp } from "./rules/libbpf/as-sent.ts";
import { sanitised } from "./rules/libbpf/sanitise.ts";

/** What is to be judged. */
export interface JudgedBtf {
  /** Undefined for a raw BTF file, in which there is nothing to lay out. */
  readonly elf: ElfView | undefined;
  readonly btf: Btf;
  /** The bytes that `btf` was read from. */
  readonly blob: Uint8Array;
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

function answerOf(blob: Uint8Array, profile: KernelProfile, littleEndian: boolean): Verdict {
  const { accepted, errno, message, rule, typeId } = kernelVerdict(blob, profile, littleEndian);
  if (accepted) return { ...unsent(profile.release), accepted };
  return {
    version: profile.release,
    accepted,
    stage: STAGE,
    errno,
    message: message === "" ? null : message.trim(),
    typeId: typeId ?? null,
    ...(rule === undefined ? {} : { rule }),
  };
}

/** What each release of the target says, oldest first: of these bytes, and of what libbpf sends. */
export function releaseVerdicts({ elf, btf, blob }: JudgedBtf, { profiles }: KernelTarget): readonly ReleaseVerdict[] {
  const { littleEndian } = btf;
  const fixed = elf === undefined ? btf : fixedUp(btf, elf);
  const encoded = new Map<Btf, Uint8Array>([[btf, blob]]);
  return profiles.map((profile) => {
    const verdict = answerOf(blob, profile, littleEndian);
    if (fixed === undefined)
      return { release: profile.release, verdict: { ...verdict, asSent: unsent(profile.release) } };
    const sent = sanitised(fixed, profile, "1.7");
    const bytes = encoded.get(sent) ?? encodeBtf(sent);
    encoded.set(sent, bytes);
    const asSent = bytes === blob ? verdict : answerOf(bytes, profile, littleEndian);
    return { release: profile.release, verdict: { ...verdict, asSent } };
  });
}

/** One answer for all releases: see `Verdicts.kernel`. */
export function togetherOf(releases: readonly ReleaseVerdict[], target: KernelTarget): KernelVerdict {
  const named = (verdict: KernelVerdict | undefined, version: string): KernelVerdict => {
    if (verdict === undefined) throw new RangeError("a target has a release");
    return { ...verdict, version, asSent: { ...verdict.asSent, version } };
  };
  const refusing = releases.findLastIndex(({ verdict }) => verdict.asSent.accepted !== true);
  const newest = releases.at(-1)?.verdict;
  if (refusing === -1) return named(newest, target.name);
  const after = releases[refusing + 1];
  if (target.isEvery && after !== undefined) return named(newest, `${after.release}+`);
  return named(releases[refusing]?.verdict, target.isEvery ? (releases[refusing]?.release ?? "") : target.name);
}
