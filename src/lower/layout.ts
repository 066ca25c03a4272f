import { AT, ATE, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { typeOf } from "./names.ts";

const MAX_CHAIN = 16;
const WORD = 2 ** 32;

/** A number as BTF's 32-bit field holds it: LLVM cuts silently. */
export function word(value: number): number {
  return value >= 0 && value < WORD ? value : Number(BigInt.asUintN(32, BigInt(Math.trunc(value))));
}

/** Width of a type DIE in bits; 0 if it states none. */
export function bitsOf(dwarf: Dwarf, row: DieRow): number {
  return dwarf.number(row, AT.bitSize) ?? (dwarf.number(row, AT.byteSize) ?? 0) * 8;
}

/** Size of a record in whole bytes (BTFTypeStruct: bits rounded up). */
export function bytesOf(dwarf: Dwarf, row: DieRow): number {
  return word(Math.ceil(bitsOf(dwarf, row) / 8));
}

/** A type with its atomic wrappers taken off, which BTF has no word for (BTFDebug: stripping at lookup). */
export function withoutAtomic(dwarf: Dwarf, row: DieRow | undefined): DieRow | undefined {
  let at = row;
  for (let step = 0; at !== undefined && dwarf.tag(at) === TAG.atomicType; step++) {
    if (step === MAX_CHAIN) return undefined;
    at = dwarf.type(at);
  }
  return at;
}

/**
 * Whether an enumeration's values are signed, and its width in bits (BTFDebug::visitEnumType; 32 unsigned bits without a type). LLVM
 * reads the base type as a basic type even if it is a typedef (`enum e : u64`), which says neither width nor sign.
 */
export function enumShape(dwarf: Dwarf, row: DieRow): { readonly signed: boolean; readonly bits: number } {
  const base = typeOf(dwarf, row);
  if (base === undefined || dwarf.tag(base) !== TAG.baseType) return { signed: false, bits: 32 };
  const encoding = dwarf.number(base, AT.encoding);
  return { signed: encoding === ATE.signed || encoding === ATE.signedChar, bits: bitsOf(dwarf, base) };
}

/** Number of elements of one dimension: cut to 32 bits, 0 if unknown. */
export function dimension(dwarf: Dwarf, subrange: DieRow): number {
  const count = dwarf.bigint(subrange, AT.count);
  if (count !== undefined) return Number(BigInt.asUintN(32, count));
  const upper = dwarf.bigint(subrange, AT.upperBound);
  return upper === undefined ? 0 : Number(BigInt.asUintN(32, upper + 1n));
}

/** Width of a bit-field in bits, 0 for a plain member. */
export function bitfieldSize(dwarf: Dwarf, row: DieRow): number {
  return (dwarf.number(row, AT.bitSize) ?? 0) & 0xff;
}

/** Where a member lies, in bits from the start of the record. */
export function bitOffset(dwarf: Dwarf, row: DieRow, littleEndian: boolean): number {
  const direct = dwarf.number(row, AT.dataBitOffset);
  if (direct !== undefined) return word(direct);
  const location = (dwarf.number(row, AT.dataMemberLocation) ?? 0) * 8;
  const old = dwarf.number(row, AT.bitOffset);
  if (old === undefined) return word(location);
  // DWARF 2 and 3 count bit-fields from the most significant bit of their storage unit.
  const type = typeOf(dwarf, row);
  const storage = (dwarf.number(row, AT.byteSize) ?? (type === undefined ? 0 : bytesOf(dwarf, type))) * 8;
  const size = dwarf.number(row, AT.bitSize) ?? 0;
  return word(littleEndian ? location + storage - old - size : location + old);
}
