import { BtfFixError } from "../errors.ts";

/** Magic of `.BTF` and `.BTF.ext`, in the blob's byte order. */
export const BTF_MAGIC = 0xeb9f;

/** magic u16, version u8, flags u8, hdr_len u32: what both headers start with. */
export const HEADER_START = 8;

/** Header of `.BTF` up to and with str_len; every reader knows it. */
export const MIN_HEADER = 24;
/** With layout_off and layout_len (kernels from 7.2). */
export const LAYOUT_HEADER = 32;

/** True if the bytes start with the magic of BTF in either byte order: a raw blob and not an ELF file. */
export function looksLikeBtf(bytes: Uint8Array): boolean {
  return byteOrder(bytes) !== undefined;
}

/** True for little-endian, false for big-endian, undefined if the magic is neither. */
export function byteOrder(bytes: Uint8Array): boolean | undefined {
  if (bytes[0] === 0x9f && bytes[1] === 0xeb) return true;
  if (bytes[0] === 0xeb && bytes[1] === 0x9f) return false;
  return undefined;
}

/** Offsets (from the end of the header) and lengths of the sections as the header states them, in bytes. */
export interface BtfSections {
  readonly headerLength: number;
  readonly typeOff: number;
  readonly typeLen: number;
  readonly strOff: number;
  readonly strLen: number;
  /** 0 and 0 in a header too short to hold them. */
  readonly layoutOff: number;
  readonly layoutLen: number;
}

/**
 * Reads the header and checks that its sections lie in the blob in the order types, layout, strings, as libbpf demands (LB-01 to
 * LB-12). Version and flags are left to the rules. Errors: `BTF_TRUNCATED` past the end, else `BTF_MALFORMED`.
 */
export function readHeader(bytes: Uint8Array, hasBase: boolean): BtfSections & { readonly littleEndian: boolean } {
  const littleEndian = byteOrder(bytes);
  if (littleEndian === undefined) {
    if (bytes.length < 2) truncated("the header", 0, MIN_HEADER, bytes.length);
    malformed(`the magic is ${hex(bytes[0])} ${hex(bytes[1])} and not 0xeb9f in either byte order`, 0, 2);
  }
  if (bytes.length < MIN_HEADER) truncated("the header", 0, MIN_HEADER, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (offset: number): number => view.getUint32(offset, littleEndian);
  const headerLength = word(4);
  if (headerLength < MIN_HEADER) malformed(`hdr_len is ${headerLength}, less than ${MIN_HEADER}`, 4, 4);
  if (headerLength > bytes.length) truncated("the header", 0, headerLength, bytes.length);
  const withLayout = headerLength >= LAYOUT_HEADER;
  const header = {
    littleEndian,
    headerLength,
    typeOff: word(8),
    typeLen: word(12),
    strOff: word(16),
    strLen: word(20),
    layoutOff: withLayout ? word(24) : 0,
    layoutLen: withLayout ? word(28) : 0,
  };
  checkSections(header, bytes, hasBase);
  return header;
}

function checkSections(header: BtfSections, bytes: Uint8Array, hasBase: boolean): void {
  const { headerLength, typeOff, typeLen, strOff, strLen, layoutOff, layoutLen } = header;
  const typeEnd = typeOff + typeLen;
  const strings = headerLength + strOff;
  if (strings + strLen > bytes.length) truncated("the string section", strings, strLen, bytes.length);
  if (typeEnd > strOff) malformed(`types end at ${typeEnd}, after the strings start at ${strOff}`, 8, 16);
  if (typeOff % 4 !== 0) malformed(`type_off ${typeOff} is not a multiple of 4`, 8, 4);
  if (layoutLen !== 0) {
    if (layoutOff % 4 !== 0) malformed(`layout_off ${layoutOff} is not a multiple of 4`, 24, 4);
    if (layoutLen % 4 !== 0) malformed(`layout_len ${layoutLen} is not a multiple of 4`, 28, 4);
    if (layoutOff < typeEnd || layoutOff + layoutLen > strOff) {
      malformed("the layout section does not lie between types and strings", 24, 8);
    }
  }
  // A split blob may have no strings of its own, and its first one need not be empty.
  if (hasBase && strLen === 0) return;
  if (strLen === 0) malformed("the string section is empty", 20, 4);
  if (bytes[strings + strLen - 1] !== 0) malformed("the last string has no end", strings + strLen - 1, 1);
  if (!hasBase && bytes[strings] !== 0) {
    malformed("the first string is not empty; a split blob needs its base", strings, 1);
  }
}

/** Throws `BTF_TRUNCATED`: `what` at `offset` takes `length` bytes, but the blob has `available`. */
export function truncated(what: string, offset: number, length: number, available: number): never {
  throw new BtfFixError("BTF_TRUNCATED", `.BTF ends at byte ${available}, inside ${what}`, {
    section: ".BTF",
    offset,
    length,
  });
}

/** Throws `BTF_MALFORMED` for the bytes at `offset`. */
export function malformed(message: string, offset: number, length: number): never {
  throw new BtfFixError("BTF_MALFORMED", `.BTF is malformed: ${message}`, { section: ".BTF", offset, length });
}

function hex(byte: number | undefined): string {
  return `0x${(byte ?? 0).toString(16).padStart(2, "0")}`;
}
