import type { KernelVerdict, Verdict } from "./api.ts";
import { encodeBtf } from "./btf/encode.ts";
import type { Btf } from "./btf/model.ts";
import type { ElfView } from "./elf/model.ts";
import { kernelDefects } from "./kernel-defects.ts";
import { kernelRules } from "./rules/kernel/index.ts";
import type { KernelProfile } from "./rules/kernel/profile.ts";
import { hasRule } from "./rules/kernel/rule.ts";
import type { KernelTarget } from "./rules/kernel/target.ts";
import { type BtfLoadVerdict, kernelVerdict } from "./rules/kernel/verdict.ts";
import { fixedUp } from "./rules/libbpf/as-sent.ts";
import { sanitised } from "./rules/libbpf/sanitise.ts";

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

function answerOf(blob: Uint8Array, profile: KernelProfile, littleEndian: boolean): Verdict {
  return inReport(kernelVerdict(blob, profile, littleEndian), profile);
}

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

const signatures = new WeakMap<KernelProfile, string>();

/** Everything by which a release judges, as one text: those of which it is the same say the same. */
function signatureOf(profile: KernelProfile): string {
  const known = signatures.get(profile) ?? newSignatureOf(profile);
  signatures.set(profile, known);
  return known;
}

function newSignatureOf(profile: KernelProfile): string {
  const traits = Object.entries({ ...profile, release: "" });
  const rules = kernelRules.filter((rule) => hasRule(profile.release, rule)).map(({ id }) => id);
  return JSON.stringify([traits.map(([name, value]) => [name, value instanceof Set ? [...value] : value]), rules]);
}

/** What each release of the target says, oldest first: of these bytes, and of what libbpf sends. */
export function releaseVerdicts(
  { elf, btf, blob, littleEndian }: JudgedBtf,
  { profiles }: KernelTarget,
): readonly ReleaseVerdict[] {
  const fixed = elf === undefined || btf === undefined ? btf : fixedUp(btf, elf);
  const encoded = new Map<Btf | undefined, Uint8Array>([[btf, blob]]);
  let before: { readonly signature: string; readonly verdict: KernelVerdict } | undefined;
  return profiles.map((profile) => {
    const signature = signatureOf(profile);
    // Types by the ten thousand take a while to look through.
    before = before?.signature === signature ? before : { signature, verdict: judged(profile) };
    return { release: profile.release, verdict: named(before.verdict, profile.release) };
  });

  function judged(profile: KernelProfile): KernelVerdict {
    const verdict = answerOf(blob, profile, littleEndian);
    if (fixed === undefined) return { ...verdict, asSent: elf === undefined ? verdict : unsent(profile.release) };
    const sent = sanitised(fixed, profile, "1.7");
    const bytes = encoded.get(sent) ?? encodeBtf(sent);
    encoded.set(sent, bytes);
    const asSent = bytes === blob ? verdict : answerOf(bytes, profile, littleEndian);
    return { ...verdict, asSent };
  }
}

/**
 * What the newest release of the target would find behind its first failure in what libbpf sends, were that mended: the kernel stops at the
 * first. Empty where it takes the BTF, or gets none.
 */
export function laterDefects(
  { elf, btf, blob, littleEndian }: JudgedBtf,
  { profiles }: KernelTarget,
): readonly Verdict[] {
  const profile = profiles.at(-1);
  const fixed = elf === undefined || btf === undefined ? btf : fixedUp(btf, elf);
  if (profile === undefined || (fixed === undefined && elf !== undefined)) return [];
  const sent = fixed === undefined || fixed === btf ? blob : encodeBtf(sanitised(fixed, profile, "1.7"));
  return kernelDefects(sent, profile, littleEndian)
    .slice(1)
    .map((verdict) => inReport(verdict, profile));
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
