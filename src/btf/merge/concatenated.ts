import { BtfFixError } from "../../errors.ts";
import { parseBtfExt } from "../ext.ts";
import { byteOrder, HEADER_START, readHeader } from "../header.ts";
import { parseBtf } from "../parse.ts";
import type { BtfPart } from "./part.ts";

/** Blobs start at multiples of this, after zeros. */
const ALIGNMENT = 4;

/**
 * Reads a `.BTF` section, and the `.BTF.ext` beside it, in which GNU ld has put the blobs of all inputs one after the other. A
 * section of one blob gives one part. Errors: those of `parseBtf` and `parseBtfExt`; `REFUSED` if there are not as many blobs of
 * one as of the other, so that nobody can tell which belong together.
 */
export function concatenatedParts(btf: Uint8Array, ext?: Uint8Array): readonly BtfPart[] {
  const blobs = splitBlobs(btf, btfLength);
  if (ext === undefined || ext.length === 0) return blobs.map((bytes) => ({ btf: parseBtf(bytes) }));
  const exts = splitBlobs(ext, extLength);
  if (exts.length !== blobs.length) {
    const counts = `${blobs.length} blobs in .BTF and ${exts.length} in .BTF.ext`;
    throw new BtfFixError("REFUSED", `${counts} cannot be put together`);
  }
  return blobs.map((bytes, index) => ({ btf: parseBtf(bytes), ext: parseBtfExt(exts[index] ?? new Uint8Array(0)) }));
}

/** The blobs as views of the section; what follows the last one and is none belongs to it. */
function splitBlobs(section: Uint8Array, lengthOf: (bytes: Uint8Array) => number): Uint8Array[] {
  const blobs: Uint8Array[] = [];
  let start = 0;
  for (;;) {
    const rest = section.subarray(start);
    const length = lengthOf(rest);
    let next = Math.ceil((start + length) / ALIGNMENT) * ALIGNMENT;
    while (section[next] === 0) next += ALIGNMENT;
    const isBlob = length > 0 && byteOrder(section.subarray(next)) === byteOrder(rest);
    if (!isBlob || byteOrder(rest) === undefined) {
      blobs.push(rest);
      return blobs;
    }
    blobs.push(rest.subarray(0, length));
    start = next;
  }
}

/** Length that a `.BTF` blob gives itself, in bytes. */
function btfLength(bytes: Uint8Array): number {
  const { headerLength, strOff, strLen } = readHeader(bytes, false);
  return headerLength + strOff + strLen;
}

/** Length that a `.BTF.ext` blob gives itself, in bytes; that of its bytes if it is too short to say. */
function extLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = byteOrder(bytes) === true;
  const word = (at: number): number => (at + 4 <= bytes.length ? view.getUint32(at, littleEndian) : 0);
  const headerLength = word(4);
  let end = headerLength;
  for (let at = HEADER_START; at + 8 <= Math.min(headerLength, 32); at += 8) {
    if (word(at + 4) !== 0) end = Math.max(end, headerLength + word(at) + word(at + 4));
  }
  return headerLength === 0 ? bytes.length : end;
}
