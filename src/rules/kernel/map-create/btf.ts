import type { KernelProfile } from "../profile.ts";
import type { Resolution } from "../resolution.ts";
import { Refusal, Subject } from "../subject.ts";
import { check } from "../verdict.ts";

/** BTF that the kernel of a profile holds: what maps may name types of. */
export interface HeldBtf {
  readonly subject: Subject;
  readonly resolution: Resolution;
}

/** The BTF as the kernel holds it after BPF_BTF_LOAD; undefined if it is refused. Any bytes are a blob. */
export function heldBtf(blob: Uint8Array, profile: KernelProfile, littleEndian = true): HeldBtf | undefined {
  const subject = new Subject(blob, profile, littleEndian);
  try {
    return { subject, resolution: check(subject) };
  } catch (refusal) {
    if (refusal instanceof Refusal) return undefined;
    throw refusal;
  }
}
