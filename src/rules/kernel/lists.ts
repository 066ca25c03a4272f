/** STRUCT, UNION, FUNC_PROTO and DATASEC by themselves, with the entries of their lists. */
import { KIND_NUMBER } from "../../btf/model.ts";
import { checkKindFlag, checkName, checkNameless, checkRoom, isTypeId, type Meta } from "./all-types.ts";
import { entryLine, memberLine, typeLine } from "./log.ts";
import { isAnonymousOrIdentifier, isSectionName } from "./names.ts";
import { type KernelRule, kernelRule } from "./rule.ts";
import { bytesOf } from "./scalars.ts";
import type { Subject } from "./subject.ts";

const checkStruct = "btf_struct_check_meta";
const checkDatasec = "btf_datasec_check_meta";
const BITS_OFFSET = "Invalid member bits_offset";

const KM_01 = kernelRule("KM-01", "Names of members lie in the strings.", checkStruct, "Invalid member name_offset:N");
const KM_02 = kernelRule("KM-02", "Names of members are identifiers.", checkStruct, "Invalid name");
const KM_03 = kernelRule("KM-03", "A member has a type.", checkStruct, "Invalid type_id");
const KM_04 = kernelRule("KM-04", "Every member of a UNION lies at offset 0.", checkStruct, BITS_OFFSET);
const KM_05 = kernelRule("KM-05", "Members stand in the order of their offsets.", checkStruct, BITS_OFFSET);
const KM_06 = kernelRule(
  "KM-06",
  "A member begins within its struct.",
  checkStruct,
  "Member bits_offset exceeds its struct size",
);
const KD_01 = kernelRule("KD-01", "A DATASEC has a size.", checkDatasec, "size == 0");
const KD_02 = kernelRule("KD-02", "A DATASEC has entries.", checkDatasec, "vlen == 0", { until: "5.10" });
const KD_03 = kernelRule("KD-03", "An entry of a DATASEC has a type.", checkDatasec, "Invalid type_id");
const KD_04 = kernelRule(
  "KD-04",
  "Entries are sorted, apart, and begin within the DATASEC.",
  checkDatasec,
  "Invalid offset",
);
const KD_05 = kernelRule("KD-05", "An entry has a size, at most that of the DATASEC.", checkDatasec, "Invalid size");
const KD_06 = kernelRule("KD-06", "An entry ends within the DATASEC.", checkDatasec, "Invalid offset+size");
/** Only entries that end past 32 bits come this far: their end wraps around. */
const KD_07 = kernelRule("KD-07", "Entries fit into the DATASEC together.", checkDatasec, "Invalid btf_info size");
const KN_03 = kernelRule("KN-03", "A DATASEC has a printable name.", checkDatasec, "Invalid name");

export const listRules: readonly KernelRule[] = [
  KM_01,
  KM_02,
  KM_03,
  KM_04,
  KM_05,
  KM_06,
  KD_01,
  KD_02,
  KD_03,
  KD_04,
  KD_05,
  KD_06,
  KD_07,
  KN_03,
];

/** Bytes of a member, and of an entry of a DATASEC. */
export const MEMBER_SIZE = 12;
export const ENTRY_SIZE = 12;
export const PARAM_SIZE = 8;

/** Bit offset of a member; with kind_flag the upper 8 bits are a width. */
export function memberBits(subject: Subject, at: number, member: number): number {
  const word = subject.u32(member + 8);
  return subject.kindFlag(at) ? word & 0xff_ffff : word;
}

export function checkStructMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  const count = subject.vlen(at);
  const needed = checkRoom(meta, count * MEMBER_SIZE);
  checkName(meta, isAnonymousOrIdentifier);
  const isUnion = subject.kindAt(at) === KIND_NUMBER.union;
  const flag = subject.kindFlag(at);
  const size = subject.word(at);
  let last = 0;
  for (let index = 0; index < count; index++) {
    const member = subject.tail(at) + index * MEMBER_SIZE;
    const nameOff = subject.u32(member);
    if (!subject.hasName(nameOff))
      subject.refuse(KM_01, id, memberLine(subject, at, member, `Invalid member name_offset:${nameOff}`));
    if (!isAnonymousOrIdentifier(subject, nameOff))
      subject.refuse(KM_02, id, memberLine(subject, at, member, "Invalid name"));
    const type = subject.u32(member + 4);
    if (type === 0 || !isTypeId(type)) subject.refuse(KM_03, id, memberLine(subject, at, member, "Invalid type_id"));
    const word = subject.u32(member + 8);
    const offset = flag ? word & 0xff_ffff : word;
    if (isUnion && offset !== 0) subject.refuse(KM_04, id, memberLine(subject, at, member, BITS_OFFSET));
    if (last > offset) subject.refuse(KM_05, id, memberLine(subject, at, member, BITS_OFFSET));
    if (bytesOf(offset) > size)
      subject.refuse(KM_06, id, memberLine(subject, at, member, "Member bits_offset exceeds its struct size"));
    last = offset;
  }
  return needed;
}

export function checkFuncProtoMeta(meta: Meta): number {
  const needed = checkRoom(meta, meta.subject.vlen(meta.at) * PARAM_SIZE);
  checkNameless(meta);
  checkKindFlag(meta);
  return needed;
}

export function checkDatasecMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  const count = subject.vlen(at);
  const needed = checkRoom(meta, count * ENTRY_SIZE);
  if (count === 0) subject.refuse(KD_02, id, typeLine(subject, id, at, "vlen == 0"));
  const size = subject.word(at);
  if (size === 0) subject.refuse(KD_01, id, typeLine(subject, id, at, "size == 0"));
  checkKindFlag(meta);
  const nameOff = subject.nameOff(at);
  if (nameOff === 0 || !isSectionName(subject, nameOff)) {
    subject.refuse(KN_03, id, typeLine(subject, id, at, "Invalid name"));
  }
  let end = 0;
  let sum = 0;
  for (let index = 0; index < count; index++) {
    const entry = subject.tail(at) + index * ENTRY_SIZE;
    const line = (text: string): string => entryLine(subject, entry, text);
    const type = subject.u32(entry);
    if (type === 0 || !isTypeId(type)) subject.refuse(KD_03, id, line("Invalid type_id"));
    const offset = subject.u32(entry + 4);
    if (offset < end || offset >= size) subject.refuse(KD_04, id, line("Invalid offset"));
    const length = subject.u32(entry + 8);
    if (length === 0 || length > size) subject.refuse(KD_05, id, line("Invalid size"));
    // The kernel adds in 32 bits.
    end = (offset + length) >>> 0;
    if (end > size) subject.refuse(KD_06, id, line("Invalid offset+size"));
    sum += length;
  }
  if (size < sum) subject.refuse(KD_07, id, typeLine(subject, id, at, "Invalid btf_info size"));
  return needed;
}
