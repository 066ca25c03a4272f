import { BtfFixError } from "../errors.ts";

const HIGH_LIMIT = 0x20_0000;

/**
 * The 64-bit field at `offset` as an exact number.
 *
 * `field` and `section` name it in the error, ELF_MALFORMED, that a value of 2^53 or more raises: no file is that large.
 */
export function readU64(
  view: DataView,
  offset: number,
  littleEndian: boolean,
  field: string,
  section: string | undefined,
): number {
  const high = view.getUint32(offset + (littleEndian ? 4 : 0), littleEndian);
  const low = view.getUint32(offset + (littleEndian ? 0 : 4), littleEndian);
  if (high >= HIGH_LIMIT) {
    const value = (BigInt(high) << 32n) | BigInt(low);
    throw new BtfFixError("ELF_MALFORMED", `${field} is 0x${value.toString(16)}, beyond any file`, {
      section,
      offset,
      length: 8,
    });
  }
  return high * 0x1_0000_0000 + low;
}

/** Writes a non-negative safe integer as the 64-bit field at `offset`. */
export function writeU64(view: DataView, offset: number, littleEndian: boolean, value: number): void {
  view.setUint32(offset + (littleEndian ? 4 : 0), Math.floor(value / 0x1_0000_0000), littleEndian);
  view.setUint32(offset + (littleEndian ? 0 : 4), value >>> 0, littleEndian);
}
