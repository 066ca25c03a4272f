/** INT, FLOAT, ENUM, ENUM64 and FWD by themselves (`btf_int_check_meta` and its kin). */
import { checkKindFlag, checkName, checkNoList, checkRoom, type Meta } from "./all-types.ts";
import { basicLine, typeLine } from "./log.ts";
import { isAnonymousOrIdentifier, isNamedIdentifier } from "./names.ts";
import { ENOTSUPP, type KernelRule, kernelRule } from "./rule.ts";
import type { Subject } from "./subject.ts";

const checkInt = "btf_int_check_meta";
const checkEnum = "btf_enum_check_meta, btf_enum64_check_meta";

const KI_01 = kernelRule("KI-01", "Bits 28 to 31 of INT's word are 0.", checkInt, "Invalid int_data:N");
const KI_02 = kernelRule("KI-02", "An INT ends within 128 bits.", checkInt, "nr_bits exceeds 128");
const KI_03 = kernelRule("KI-03", "An INT's bits lie in its size.", checkInt, "nr_bits exceeds type_size");
const KI_04 = kernelRule("KI-04", "An INT has at most one encoding.", checkInt, "Unsupported encoding", {
  errno: ENOTSUPP,
});
const KX_01 = kernelRule("KX-01", "A FLOAT has 2, 4, 8, 12 or 16 bytes.", "btf_float_check_meta", "Invalid type_size", {
  since: "6.1",
});
const KE_01 = kernelRule("KE-01", "An enum has 1, 2, 4 or 8 bytes.", checkEnum, "Unexpected size");
const KE_02 = kernelRule("KE-02", "Names of enumerators lie in the strings.", checkEnum, "Invalid name_offset:N");
const KE_03 = kernelRule("KE-03", "Names of enumerators are identifiers.", checkEnum, "Invalid name");
const KW_01 = kernelRule("KW-01", "A FWD refers to nothing.", "btf_fwd_check_meta", "type != 0");

export const scalarRules: readonly KernelRule[] = [KI_01, KI_02, KI_03, KI_04, KX_01, KE_01, KE_02, KE_03, KW_01];

/** Fields of INT's own word. */
export function intFields(subject: Subject, at: number): { readonly bits: number; readonly offset: number } {
  const data = subject.u32(subject.tail(at));
  return { bits: data & 0xff, offset: (data >>> 16) & 0xff };
}

/** Bits that begin in whole bytes, rounded up. */
export function bytesOf(bits: number): number {
  return Math.ceil(bits / 8);
}

function isPowerOfTwo(value: number): boolean {
  return value !== 0 && (value & (value - 1)) === 0;
}

/** `btf_type_int_is_regular`: a whole number of bytes that machines have, from bit 0. */
export function isRegularInt(subject: Subject, at: number): boolean {
  const { bits, offset } = intFields(subject, at);
  return bits % 8 === 0 && offset === 0 && bits / 8 <= 16 && isPowerOfTwo(bits / 8);
}

const ENCODINGS: ReadonlySet<number> = new Set([0, 1, 2, 4]);

/** Rules of the size: a type that breaks one may have any. */
export const sizeRules: ReadonlySet<KernelRule> = new Set([KI_02, KI_03, KX_01, KE_01]);

export function checkIntMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  const needed = checkRoom(meta, 4);
  checkNoList(meta);
  checkKindFlag(meta);
  const data = subject.u32(subject.tail(at));
  if (data >>> 28 !== 0) subject.refuse(KI_01, id, basicLine(subject, id, at, `Invalid int_data:${data.toString(16)}`));
  const { bits, offset } = intFields(subject, at);
  if (bits + offset > 128) subject.refuse(KI_02, id, typeLine(subject, id, at, "nr_bits exceeds 128"));
  if (bytesOf(bits + offset) > subject.word(at)) {
    subject.refuse(KI_03, id, typeLine(subject, id, at, "nr_bits exceeds type_size"));
  }
  if (!ENCODINGS.has((data >>> 24) & 0x0f))
    subject.refuse(KI_04, id, typeLine(subject, id, at, "Unsupported encoding"));
  return needed;
}

const FLOAT_SIZES: ReadonlySet<number> = new Set([2, 4, 8, 12, 16]);

export function checkFloatMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  checkNoList(meta);
  checkKindFlag(meta);
  if (!FLOAT_SIZES.has(subject.word(at))) subject.refuse(KX_01, id, typeLine(subject, id, at, "Invalid type_size"));
  return 0;
}

/** ENUM and ENUM64, whose entries take 8 and 12 bytes. */
export function checkEnumMeta(meta: Meta, entrySize: number): number {
  const { subject, id, at } = meta;
  const count = subject.vlen(at);
  const needed = checkRoom(meta, count * entrySize);
  checkKindFlag(meta);
  const size = subject.word(at);
  if (size > 8 || !isPowerOfTwo(size)) subject.refuse(KE_01, id, typeLine(subject, id, at, "Unexpected size"));
  checkName(meta, isAnonymousOrIdentifier);
  for (let index = 0; index < count; index++) {
    const nameOff = subject.u32(subject.tail(at) + index * entrySize);
    if (!subject.hasName(nameOff)) subject.refuse(KE_02, id, `\tInvalid name_offset:${nameOff}`);
    if (!isNamedIdentifier(subject, nameOff)) subject.refuse(KE_03, id, typeLine(subject, id, at, "Invalid name"));
  }
  return needed;
}

export function checkFwdMeta(meta: Meta): number {
  const { subject, id, at } = meta;
  checkNoList(meta);
  if (subject.word(at) !== 0) subject.refuse(KW_01, id, typeLine(subject, id, at, "type != 0"));
  checkName(meta, isNamedIdentifier);
  return 0;
}
