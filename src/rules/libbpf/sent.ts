import { encodeBtf } from "../../btf/encode.ts";
import type { Btf } from "../../btf/model.ts";
import { equalBytes } from "../../bytes/compare.ts";
import type { ElfView } from "../../elf/model.ts";
import { sectionNamed } from "../../elf/symbols.ts";
import { type KernelJudge, kernelJudge } from "../kernel/judge.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import type { KernelRelease } from "../kernel/rule.ts";
import type { BtfLoadVerdict, HeldBtf } from "../kernel/verdict.ts";
import { fixedUp } from "./as-sent.ts";
import { hasStrayBits, ownBtf, withStrayBits } from "./own-btf.ts";
import { type LibbpfVersion, sanitised } from "./sanitise.ts";

/** What libbpf sends to a kernel, and what that answers. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly verdict: BtfLoadVerdict;
  /** What the kernel then holds; undefined if it refuses it. */
  readonly held: () => HeldBtf | undefined;
}

/** One form of an object's BTF, and the kernels that it is sent to. */
interface Form {
  readonly bytes: Uint8Array;
  readonly judge: KernelJudge;
}

/** What is known of one object: its BTF laid out, each form of it that is sent, and the answers to them. */
interface Known {
  readonly fixed: Btf | undefined;
  readonly forms: Map<Btf, Form>;
  readonly answers: Map<KernelRelease, Sent>;
}

const known = new WeakMap<ElfView, Map<LibbpfVersion, Known>>();

function knownOf(elf: ElfView, btf: Btf, version: LibbpfVersion): Known {
  const versions = known.get(elf) ?? new Map<LibbpfVersion, Known>();
  known.set(elf, versions);
  const found = versions.get(version) ?? { fixed: fixedUp(btf, elf, version), forms: new Map(), answers: new Map() };
  versions.set(version, found);
  return found;
}

/** The form of these bytes: most versions of libbpf send the same. */
function formOf(bytes: Uint8Array, elf: ElfView): Form {
  for (const { forms } of known.get(elf)?.values() ?? []) {
    for (const form of forms.values()) if (equalBytes(form.bytes, bytes)) return form;
  }
  return { bytes, judge: kernelJudge(bytes, elf.littleEndian) };
}

/** As it is sent: in the byte order of the machine, whatever that of the object's own was. */
function encoded(sent: Btf, { littleEndian }: ElfView, stray: Uint8Array | undefined, fixed: Btf): Uint8Array {
  const bytes = encodeBtf({ ...sent, littleEndian });
  return stray === undefined ? bytes : strayForm(bytes, stray, fixed, sent);
}

/** A form of BTF with bits that libbpf has not looked at: they are in all records whose kind or linkage it has not written anew. */
function strayForm(bytes: Uint8Array, blob: Uint8Array, fixed: Btf, sent: Btf): Uint8Array {
  const own = ownBtf(blob);
  const isMadeStatic = (index: number): boolean => {
    const [before, after] = [own.types[index], fixed.types[index]];
    return before?.kind === "func" && after?.kind === "func" && after.linkage === 0 && before.linkage !== 0;
  };
  return withStrayBits(bytes, blob, (index) => sent.types[index] !== fixed.types[index] || isMadeStatic(index));
}

/**
 * The BTF that libbpf sends of an object to a kernel of the profile, with the kernel's answer; undefined where libbpf refuses the object
 * before. `btf`: the object's own. Several judges ask the same, so that each answer is found once an object.
 */
export function sentBtf(elf: ElfView, btf: Btf, kernel: KernelProfile, version: LibbpfVersion): Sent | undefined {
  const own = sectionNamed(elf, ".BTF")?.bytes;
  const stray = own !== undefined && hasStrayBits(own) ? own : undefined;
  const { fixed, forms, answers } = knownOf(elf, stray === undefined ? btf : ownBtf(stray), version);
  if (fixed === undefined) return undefined;
  const before = answers.get(kernel.judgesAs);
  if (before !== undefined) return before;
  const btfSent = sanitised(fixed, kernel, version);
  const form = forms.get(btfSent) ?? formOf(encoded(btfSent, elf, stray, fixed), elf);
  forms.set(btfSent, form);
  const sent = { bytes: form.bytes, verdict: form.judge.verdict(kernel), held: () => form.judge.held(kernel) };
  answers.set(kernel.judgesAs, sent);
  return sent;
}
