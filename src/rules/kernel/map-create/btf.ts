import { checkChains } from "../chains.ts";
import { checkRecords } from "../first-pass.ts";
import { checkHeader } from "../header.ts";
import type { KernelProfile } from "../profile.ts";
import type { Resolution } from "../resolution.ts";
import { checkReferences } from "../second-pass.ts";
import { checkSectionForms } from "../sections.ts";
import { checkSpecialFields } from "../special-fields.ts";
import { Refusal, Subject } from "../subject.ts";

/** BTF that the kernel of a profile holds: what maps may name types of. */
export interface HeldBtf {
  readonly subject: Subject;
  readonly resolution: Resolution;
}

/** The BTF as the kernel holds it after BPF_BTF_LOAD; undefined if it is refused. Any bytes are a blob. */
export function heldBtf(blob: Uint8Array, profile: KernelProfile, littleEndian = true): HeldBtf | undefined {
  const subject = new Subject(blob, profile, littleEndian);
  try {
    const header = checkHeader(subject);
    checkSectionForms(subject, header);
    checkRecords(subject, header);
    const resolution = checkReferences(subject);
    checkChains(subject);
    checkSpecialFields(subject);
    return { subject, resolution };
  } catch (refusal) {
    if (refusal instanceof Refusal) return undefined;
    throw refusal;
  }
}
