import { checkChains } from "./chains.ts";
import { checkRecords } from "./first-pass.ts";
import { checkHeader } from "./header.ts";
import type { KernelProfile } from "./profile.ts";
import type { Resolution } from "./resolution.ts";
import { checkReferences } from "./second-pass.ts";
import { checkSectionForms } from "./sections.ts";
import { checkSpecialFields } from "./special-fields.ts";
import { Refusal, Subject } from "./subject.ts";

/** What BPF_BTF_LOAD says of a blob. */
export interface BtfLoadVerdict {
  readonly accepted: boolean;
  /** Positive; 0 if accepted. */
  readonly errno: number;
  /**
   * The last line of the kernel's log as it stands there, so a member's begins with a tab; "" if it says nothing. Where it lists more than
   * 16 KiB of parameters, … stands for the others.
   */
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

/** BTF that a kernel holds after BPF_BTF_LOAD: types by id, names, and what each type was found to be. */
export interface HeldBtf {
  readonly subject: Subject;
  readonly resolution: Resolution;
}

/** What the kernel says of a blob, and what it then holds; undefined if it is refused. */
export interface KernelReading {
  readonly verdict: BtfLoadVerdict;
  readonly held: HeldBtf | undefined;
}

/** As `kernelVerdict`, for who goes on with what the kernel took. */
export function kernelReading(blob: Uint8Array, profile: KernelProfile, littleEndian = true): KernelReading {
  return readingOf(new Subject(blob, profile, littleEndian));
}

/** The reading of a blob that nobody has walked yet. */
export function readingOf(subject: Subject): KernelReading {
  try {
    return { verdict: ACCEPTED, held: { subject, resolution: check(subject) } };
  } catch (refusal) {
    if (refusal instanceof Refusal) return { verdict: verdictOf(refusal), held: undefined };
    throw refusal;
  }
}

function verdictOf({ rule, typeId, line, errno }: Refusal): BtfLoadVerdict {
  const message = textOf(line);
  return { accepted: false, errno, message, rule: rule.id, typeId: typeId === 0 ? undefined : typeId };
}

/**
 * What the kernel of the profile answers when it is given these very bytes, with its first failure in its own words. Stops where the
 * kernel stops, so it takes time and memory in proportion to the blob. Any bytes are a blob; nothing is thrown. `littleEndian` is the
 * byte order of the kernel's machine, in which alone it takes BTF.
 */
export function kernelVerdict(blob: Uint8Array, profile: KernelProfile, littleEndian = true): BtfLoadVerdict {
  return kernelReading(blob, profile, littleEndian).verdict;
}

/** Every defect of a blob. */
export interface KernelDefects {
  /** In the order in which the kernel would find them, were each mended before it looks for the next; the first is `kernelVerdict`'s. */
  readonly defects: readonly BtfLoadVerdict[];
  /** Whether these are all, or nothing can be said of what comes after the last, or there are more than anybody reads. */
  readonly end: "all" | "unreadable" | "more";
}

/** More are told of nothing but noise. */
const MOST_DEFECTS = 256;

/**
 * What the kernel would find fault with in these bytes if it did not stop at the first: one defect for each type that is wrong by itself, and
 * none where a type is wrong only because it depends on one of those. One walk, in time in proportion to the blob. Parameters as of
 * `kernelVerdict`.
 */
export function kernelDefects(blob: Uint8Array, profile: KernelProfile, littleEndian = true): KernelDefects {
  const subject = new Subject(blob, profile, littleEndian, MOST_DEFECTS);
  const last = judge(subject);
  const { refusals } = subject;
  if (last === undefined) return { defects: refusals.map(verdictOf), end: "all" };
  if (refusals.length === MOST_DEFECTS) return { defects: refusals.map(verdictOf), end: "more" };
  return { defects: [...refusals, last].map(verdictOf), end: "unreadable" };
}

/** What ends the walk, where something does. */
function judge(subject: Subject): Refusal | undefined {
  try {
    check(subject);
    return undefined;
  } catch (refusal) {
    if (refusal instanceof Refusal) return refusal;
    throw refusal;
  }
}

/** The passes of the kernel; says what each type was found to be. Errors: Refusal, the first failure that ends the walk. */
function check(subject: Subject): Resolution {
  const header = checkHeader(subject);
  checkSectionForms(subject, header);
  checkRecords(subject, header);
  const resolution = checkReferences(subject);
  checkChains(subject);
  checkSpecialFields(subject);
  return resolution;
}
