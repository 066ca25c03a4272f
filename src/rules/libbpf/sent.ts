import { encodeBtf } from "../../btf/encode.ts";
import type { Btf } from "../../btf/model.ts";
import type { ElfView } from "../../elf/model.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import type { KernelRelease } from "../kernel/rule.ts";
import { type BtfLoadVerdict, kernelVerdict } from "../kernel/verdict.ts";
import { fixedUp } from "./as-sent.ts";
import { type LibbpfVersion, sanitised } from "./sanitise.ts";

/** What libbpf sends to a kernel, and what that answers. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly verdict: BtfLoadVerdict;
}

/** What is known of one object: its BTF laid out, the bytes of each form that is sent, and the answers to them. */
interface Known {
  readonly fixed: Btf | undefined;
  readonly bytes: Map<Btf, Uint8Array>;
  readonly answers: Map<KernelRelease, Sent>;
}

const known = new WeakMap<ElfView, Map<LibbpfVersion, Known>>();

function knownOf(elf: ElfView, btf: Btf, version: LibbpfVersion): Known {
  const versions = known.get(elf) ?? new Map<LibbpfVersion, Known>();
  known.set(elf, versions);
  const found = versions.get(version) ?? { fixed: fixedUp(btf, elf, version), bytes: new Map(), answers: new Map() };
  versions.set(version, found);
  return found;
}

/**
 * The BTF that libbpf sends of an object to a kernel of the profile, with the kernel's answer; undefined where libbpf refuses the object
 * before. `btf`: the object's own. Several judges ask the same, so that each answer is found once an object.
 */
export function sentBtf(elf: ElfView, btf: Btf, kernel: KernelProfile, version: LibbpfVersion): Sent | undefined {
  const { fixed, bytes, answers } = knownOf(elf, btf, version);
  if (fixed === undefined) return undefined;
  const before = answers.get(kernel.judgesAs);
  if (before !== undefined) return before;
  const form = sanitised(fixed, kernel, version);
  const blob = bytes.get(form) ?? encodeBtf(form);
  bytes.set(form, blob);
  const sent = { bytes: blob, verdict: kernelVerdict(blob, kernel, elf.littleEndian) };
  answers.set(kernel.judgesAs, sent);
  return sent;
}
