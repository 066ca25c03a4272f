import type { BtfBlob } from "../btf-blob.ts";
import { checkChains } from "./chains.ts";
import { checkRecords } from "./first-pass.ts";
import { checkHeader } from "./header.ts";
import type { KernelProfile } from "./profile.ts";
import { checkReferences } from "./second-pass.ts";
import { checkSectionForms } from "./sections.ts";
import { checkSpecialFields } from "./special-fields.ts";
import { Refusal, Subject } from "./subject.ts";

/** What BPF_BTF_LOAD says of a blob. */
export interface BtfLoadVerdict {
  readonly accepted: boolean;
  /** Positive; 0 if accepted. */
  readonly errno: number;
  /** The last line of the kernel's log as it stands there, so a member's begins with a tab; "" if it says nothing. */
  readonly message: string;
  /** Id of the rule that is broken; undefined if accepted. */
  readonly rule: string | undefined;
  /** The type at fault; undefined if the blob is accepted, or refused as a whole. */
  readonly typeId: number | undefined;
}

const ACCEPTED: BtfLoadVerdict = { accepted: true, errno: 0, message: "", rule: undefined, typeId: undefined };

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A line of bytes as text: UTF-8, with U+FFFD for what is none. */
function textOf(line: string): string {
  return decoder.decode(Uint8Array.from(line, (char) => char.charCodeAt(0)));
}

/** What the kernel says of a blob, and the blob as it then knows it: types by id, and names; undefined if it is refused. */
export interface KernelReading {
  readonly verdict: BtfLoadVerdict;
  readonly btf: BtfBlob | undefined;
}

/** As `kernelVerdict`, for who goes on with what the kernel took. */
export function kernelReading(blob: Uint8Array, profile: KernelProfile, littleEndian = true): KernelReading {
  const subject = new Subject(blob, profile, littleEndian);
  const refusal = judge(subject);
  if (refusal === undefined) return { verdict: ACCEPTED, btf: subject };
  const { rule, typeId, line, errno } = refusal;
  const message = textOf(line);
  const verdict = { accepted: false, errno, message, rule: rule.id, typeId: typeId === 0 ? undefined : typeId };
  return { verdict, btf: undefined };
}

/**
 * What the kernel of the profile answers when it is given these very bytes, with its first failure in its own words. Stops where the
 * kernel stops, so it takes time and memory in proportion to the blob. Any bytes are a blob; nothing is thrown. `littleEndian` is the
 * byte order of the kernel's machine, in which alone it takes BTF.
 */
export function kernelVerdict(blob: Uint8Array, profile: KernelProfile, littleEndian = true): BtfLoadVerdict {
  return kernelReading(blob, profile, littleEndian).verdict;
}

function judge(subject: Subject): Refusal | undefined {
  try {
    check(subject);
    return undefined;
  } catch (refusal) {
    if (refusal instanceof Refusal) return refusal;
    throw refusal;
  }
}

function check(subject: Subject): void {
  const header = checkHeader(subject);
  checkSectionForms(subject, header);
  checkRecords(subject, header);
  checkReferences(subject);
  checkChains(subject);
  checkSpecialFields(subject);
}
