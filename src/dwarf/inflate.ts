import { unzlibSync } from "fflate";

/** Largest sum before the modulus must be taken, in bytes added (RFC 1950, section 9). */
const ADLER_RUN = 5552;
const ADLER_MODULUS = 65_521;
const ADLER_LENGTH = 4;

/** The checksum at the end of a zlib stream (RFC 1950), which fflate leaves to its caller. */
function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (let at = 0; at < bytes.length; ) {
    for (const end = Math.min(bytes.length, at + ADLER_RUN); at < end; at++) {
      low += bytes[at] ?? 0;
      high += low;
    }
    low %= ADLER_MODULUS;
    high %= ADLER_MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}

/**
 * Exactly `size` bytes out of a zlib stream, synchronously and without Node: browsers offer only an asynchronous way.
 *
 * The caller has checked that the stream can hold as much. Errors: RangeError for a damaged stream, another size or a wrong checksum.
 */
export function inflateZlib(packed: Uint8Array, size: number): Uint8Array {
  let output: Uint8Array;
  try {
    // One byte more than claimed, so that a longer stream is seen; fflate never grows what it is given.
    output = unzlibSync(packed, { out: new Uint8Array(size + 1) });
  } catch (cause) {
    throw new RangeError("the compressed data is damaged", { cause });
  }
  if (output.length !== size) throw new RangeError(`the compressed data does not give ${size} bytes`);
  const tail = packed.subarray(-ADLER_LENGTH);
  const sum = new DataView(tail.buffer, tail.byteOffset, tail.length).getUint32(0);
  if (sum !== adler32(output)) throw new RangeError("the compressed data does not match its checksum");
  return output;
}
