/** Whether a member of known type fits its struct, by the kind of that type (`check_member`, `check_kflag_member`). */
import { KIND_NUMBER } from "../../btf/model.ts";
import { memberBits } from "./lists.ts";
import { memberLine } from "./log.ts";
import { isModifier, type Resolution, sizedType, sizeOf } from "./resolution.ts";
import { type KernelRule, kernelRule } from "./rule.ts";
import { bytesOf, intFields, isRegularInt } from "./scalars.ts";

const byKind = "btf_kind_operations.check_member";
const byKindWithFlag = "btf_kind_operations.check_kflag_member";
const UNALIGNED = "Member is not byte aligned";
const EXCEEDS = "Member exceeds struct_size";
const BITFIELD_SIZE = "Invalid member bitfield_size";

/** Said of a type without a size before its turn in the walk, or after its modifiers ended in one. */
export const KM_07: KernelRule = kernelRule(
  "KM-07",
  "A member's type has a size.",
  "btf_struct_resolve",
  "Invalid member",
);
const KM_09 = kernelRule("KM-09", "A member ends within its struct.", byKind, EXCEEDS);
const KM_10 = kernelRule("KM-10", "Members other than numbers begin at a byte.", byKind, UNALIGNED);
const KM_11 = kernelRule(
  "KM-11",
  "A FLOAT is aligned to its size, up to 8 bytes.",
  "btf_float_check_member",
  "Member is not properly aligned",
  { since: "6.1" },
);
const KM_12 = kernelRule(
  "KM-12",
  "An INT's offsets add up to 32 bits.",
  "btf_int_check_member",
  "bits_offset exceeds U32_MAX",
);
const KM_13 = kernelRule("KM-13", "An INT lies in 128 bits from a byte on.", byKind, "nr_copy_bits exceeds 128");
const KM_14 = kernelRule("KM-14", "With kind_flag an INT is regular.", byKindWithFlag, "Invalid member base type");
const KM_15 = kernelRule(
  "KM-15",
  "With kind_flag an INT that is no bitfield begins at a byte.",
  byKindWithFlag,
  "Invalid member offset",
);
const KM_16 = kernelRule("KM-16", "A bitfield is at most as wide as its type.", byKindWithFlag, BITFIELD_SIZE);
const KM_17 = kernelRule("KM-17", "Bitfields are INTs or enums.", byKindWithFlag, BITFIELD_SIZE);
const KM_18 = kernelRule("KM-18", "With kind_flag every enum takes 32 bits.", byKindWithFlag, [EXCEEDS, UNALIGNED]);

export const memberRules: readonly KernelRule[] = [
  KM_07,
  KM_09,
  KM_10,
  KM_11,
  KM_12,
  KM_13,
  KM_14,
  KM_15,
  KM_16,
  KM_17,
  KM_18,
];

const { int, enum: enum32, enum64, float } = KIND_NUMBER;

/** The member at `member` of the struct with the id; `target` is the id of its type, with its modifiers followed. */
interface Site {
  readonly resolution: Resolution;
  readonly struct: number;
  readonly member: number;
  readonly target: number;
}

function refuse({ resolution, struct, member, target }: Site, rule: KernelRule, text: string): void {
  const { subject } = resolution;
  subject.refuse(rule, struct, memberLine(subject, subject.at(struct), member, text, target));
}

/** Checks one member whose own type is done. */
export function checkMember(resolution: Resolution, struct: number, member: number): void {
  const { subject } = resolution;
  const type = subject.u32(member + 4);
  if (subject.isUnknown(type)) return;
  const resolved = isModifier(subject.kind(type)) ? sizedType(resolution, type) : 0;
  const site: Site = { resolution, struct, member, target: resolved === 0 ? type : resolved };
  if (isModifier(subject.kind(site.target))) {
    refuse(site, KM_07, "Invalid member");
    return;
  }
  if (subject.kindFlag(subject.at(struct))) checkWithFlag(site);
  else checkPlain(site);
}

function checkPlain(site: Site): void {
  const { resolution, struct, member, target } = site;
  const { subject } = resolution;
  const kind = subject.kind(target);
  const offset = memberBits(subject, subject.at(struct), member);
  if (kind === int) {
    checkPlainInt(site, offset);
    return;
  }
  const structSize = subject.word(subject.at(struct));
  const size = sizeOf(resolution, sizedType(resolution, target));
  if (kind === float) {
    if (offset % (Math.min(8, size) * 8) !== 0) refuse(site, KM_11, "Member is not properly aligned");
  } else if (offset % 8 !== 0) refuse(site, KM_10, UNALIGNED);
  if (structSize < Math.floor(offset / 8) + size) refuse(site, KM_09, EXCEEDS);
}

function checkPlainInt(site: Site, memberOffset: number): void {
  const { resolution, target } = site;
  const { bits, offset } = intFields(resolution.subject, resolution.subject.at(target));
  if (memberOffset + offset > 0xffff_ffff) refuse(site, KM_12, "bits_offset exceeds U32_MAX");
  checkCopied(site, memberOffset + offset, bits);
}

/** The bits of a number, as they are copied from the byte in which they begin. */
function checkCopied(site: Site, offset: number, bits: number): void {
  const { subject } = site.resolution;
  const copied = bits + (offset % 8);
  if (copied > 128) refuse(site, KM_13, "nr_copy_bits exceeds 128");
  const structSize = subject.word(subject.at(site.struct));
  if (structSize < Math.floor(offset / 8) + bytesOf(copied)) refuse(site, KM_09, EXCEEDS);
}

function checkWithFlag(site: Site): void {
  const { resolution, struct, member, target } = site;
  const { subject } = resolution;
  const kind = subject.kind(target);
  const width = subject.u32(member + 8) >>> 24;
  const offset = memberBits(subject, subject.at(struct), member);
  if (kind === int) {
    checkBits(site, width, offset);
    return;
  }
  if (kind === enum32 || kind === enum64) {
    if (width === 0 && offset % 8 !== 0) refuse(site, KM_18, UNALIGNED);
    if (width > 32) refuse(site, KM_16, BITFIELD_SIZE);
    const end = bytesOf(offset + (width === 0 ? 32 : width));
    if (subject.word(subject.at(struct)) < end) refuse(site, KM_18, EXCEEDS);
    return;
  }
  if (width !== 0) refuse(site, KM_17, BITFIELD_SIZE);
  checkPlain(site);
}

function checkBits(site: Site, width: number, offset: number): void {
  const { subject } = site.resolution;
  const at = subject.at(site.target);
  if (!isRegularInt(subject, at)) refuse(site, KM_14, "Invalid member base type");
  const { bits } = intFields(subject, at);
  if (width === 0 && offset % 8 !== 0) refuse(site, KM_15, "Invalid member offset");
  if (width > bits) refuse(site, KM_16, BITFIELD_SIZE);
  checkCopied(site, offset, width === 0 ? bits : width);
}
