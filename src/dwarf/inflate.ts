/**
 * zlib (RFC 1950) around deflate (RFC 1951), synchronous and without Node, for compressed debug sections.
 *
 * Browsers offer only an asynchronous one, and `node:zlib` is not there.
 */

/** Codes up to this many bits are found in one look; longer ones bit by bit. */
const FAST_BITS = 10;
const LONGEST = 15;

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** Order in which a dynamic block lists the lengths of its code length code (RFC 1951, 3.2.7). */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code. */
interface Code {
  /** By the next FAST_BITS bits: symbol << 4 | length, 0 if the code is longer. */
  readonly fast: Uint16Array;
  /** Number of codes of each length, and the symbols in order of their codes. */
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/**
 * Inflates a zlib stream that must give exactly `size` bytes; the caller has checked `size`.
 *
 * Errors: RangeError with what is wrong.
 */
export function inflateZlib(input: Uint8Array, size: number): Uint8Array {
  const [method = 0, flags = 0] = input;
  if (input.length < 6 || (method & 15) !== 8 || ((method << 8) | flags) % 31 !== 0 || (flags & 32) !== 0) {
    throw new RangeError("the zlib header is not valid");
  }
  const bits = new BitReader(input, 2);
  const output = new Uint8Array(size);
  let used = 0;
  let isLast = false;
  while (!isLast) {
    isLast = bits.take(1) === 1;
    const type = bits.take(2);
    if (type === 0) used = storedBlock(bits, output, used);
    else if (type === 1) used = codedBlock(bits, output, used, fixedCodes());
    else if (type === 2) used = codedBlock(bits, output, used, dynamicCodes(bits));
    else throw new RangeError("a deflate block has the reserved type");
  }
  if (used !== size) throw new RangeError(`the data inflates to ${used} bytes, not ${size}`);
  const check = bits.bytes(4);
  const stored = check.reduce((sum, byte) => sum * 256 + byte, 0);
  if (stored !== adler32(output)) throw new RangeError("the zlib checksum does not match");
  return output;
}

class BitReader {
  private readonly input: Uint8Array;
  private next: number;
  private held = 0;
  private count = 0;

  constructor(input: Uint8Array, start: number) {
    this.input = input;
    this.next = start;
  }

  /** `length` (up to 16) bits, the first of them lowest. */
  take(length: number): number {
    this.fill(length);
    if (this.count < length) throw new RangeError("the compressed data ends early");
    const value = this.held & ((1 << length) - 1);
    this.held >>>= length;
    this.count -= length;
    return value;
  }

  symbol(code: Code): number {
    this.fill(LONGEST);
    const entry = code.fast[this.held & ((1 << FAST_BITS) - 1)] ?? 0;
    const length = entry & 15;
    if (length !== 0) {
      if (length > this.count) throw new RangeError("the compressed data ends early");
      this.held >>>= length;
      this.count -= length;
      return entry >>> 4;
    }
    return this.slowSymbol(code);
  }

  /** Whole bytes from the next byte boundary on. */
  bytes(length: number): Uint8Array {
    // Whole bytes that were read ahead go back.
    this.next -= this.count >>> 3;
    this.held = 0;
    this.count = 0;
    if (length > this.input.length - this.next) throw new RangeError("the compressed data ends early");
    this.next += length;
    return this.input.subarray(this.next - length, this.next);
  }

  /** Walks the canonical code bit by bit: `first` is the lowest code of the current length. */
  private slowSymbol(code: Code): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= LONGEST; length++) {
      value |= this.take(1);
      const count = code.counts[length] ?? 0;
      if (value - first < count) return code.symbols[index + value - first] ?? 0;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw new RangeError("the compressed data has an unknown code");
  }

  /** Holds `length` bits or more, as far as the input goes; never more than 23, so that 32 bits suffice. */
  private fill(length: number): void {
    while (this.count < length && this.next < this.input.length) {
      this.held |= (this.input[this.next++] ?? 0) << this.count;
      this.count += 8;
    }
  }
}

function storedBlock(bits: BitReader, output: Uint8Array, used: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bits.bytes(4);
  const length = a | (b << 8);
  if ((length ^ 0xffff) !== (c | (d << 8)))
    throw new RangeError("a stored block's length does not match its complement");
  if (length > output.length - used) throw new RangeError("the data inflates to more bytes than it says");
  output.set(bits.bytes(length), used);
  return used + length;
}

function codedBlock(
  bits: BitReader,
  output: Uint8Array,
  start: number,
  [literals, distances]: readonly [Code, Code],
): number {
  let used = start;
  for (;;) {
    const symbol = bits.symbol(literals);
    if (symbol === 256) return used;
    if (symbol < 256) {
      if (used === output.length) throw new RangeError("the data inflates to more bytes than it says");
      output[used++] = symbol;
      continue;
    }
    const lengthBase = LENGTH_BASE[symbol - 257];
    if (lengthBase === undefined) throw new RangeError("the compressed data has an unknown length");
    const length = lengthBase + bits.take(LENGTH_EXTRA[symbol - 257] ?? 0);
    const distanceSymbol = bits.symbol(distances);
    const distanceBase = DISTANCE_BASE[distanceSymbol];
    if (distanceBase === undefined) throw new RangeError("the compressed data has an unknown distance");
    const distance = distanceBase + bits.take(DISTANCE_EXTRA[distanceSymbol] ?? 0);
    if (distance > used) throw new RangeError("the compressed data refers to before its beginning");
    if (length > output.length - used) throw new RangeError("the data inflates to more bytes than it says");
    // Byte by byte: source and target may overlap, and then the new bytes repeat.
    for (let i = 0; i < length; i++, used++) output[used] = output[used - distance] ?? 0;
  }
}

let fixed: readonly [Code, Code] | undefined;

function fixedCodes(): readonly [Code, Code] {
  if (fixed === undefined) {
    const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
    fixed = [codeOf(lengths), codeOf(new Uint8Array(30).fill(5))];
  }
  return fixed;
}

function dynamicCodes(bits: BitReader): readonly [Code, Code] {
  const literalCount = bits.take(5) + 257;
  const distanceCount = bits.take(5) + 1;
  const lengthCount = bits.take(4) + 4;
  const codeLengths = new Uint8Array(19);
  for (const position of CODE_LENGTH_ORDER.slice(0, lengthCount)) codeLengths[position] = bits.take(3);
  const code = codeOf(codeLengths);
  const lengths = new Uint8Array(literalCount + distanceCount);
  let used = 0;
  while (used < lengths.length) {
    const symbol = bits.symbol(code);
    if (symbol < 16) {
      lengths[used++] = symbol;
      continue;
    }
    if (symbol === 16 && used === 0) throw new RangeError("a deflate block repeats a length before the first");
    const value = symbol === 16 ? (lengths[used - 1] ?? 0) : 0;
    const repeat = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
    if (repeat > lengths.length - used) throw new RangeError("a deflate block has too many code lengths");
    lengths.fill(value, used, used + repeat);
    used += repeat;
  }
  return [codeOf(lengths.subarray(0, literalCount)), codeOf(lengths.subarray(literalCount))];
}

/** The canonical code of these lengths (RFC 1951, 3.2.2); an incomplete one is allowed, its missing codes are never valid. */
function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(LONGEST + 1);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  counts[0] = 0;
  const nextCode = new Uint16Array(LONGEST + 2);
  const nextIndex = new Uint16Array(LONGEST + 2);
  let left = 1;
  for (let length = 1; length <= LONGEST; length++) {
    const count = counts[length] ?? 0;
    left = (left << 1) - count;
    if (left < 0) throw new RangeError("a deflate block has an impossible code");
    nextCode[length + 1] = ((nextCode[length] ?? 0) + count) << 1;
    nextIndex[length + 1] = (nextIndex[length] ?? 0) + count;
  }
  const fast = new Uint16Array(1 << FAST_BITS);
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    const code = nextCode[length] ?? 0;
    nextCode[length] = code + 1;
    const index = nextIndex[length] ?? 0;
    nextIndex[length] = index + 1;
    symbols[index] = symbol;
    if (length > FAST_BITS) continue;
    // Codes come highest bit first, the reader holds the next bit lowest.
    const step = 1 << length;
    for (let i = reversed(code, length); i < fast.length; i += step) fast[i] = (symbol << 4) | length;
  }
  return { fast, counts, symbols };
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >>> i) & 1) << (length - 1 - i);
  return result;
}

/** RFC 1950, section 9. */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  // 3,800 bytes is as far as the sums stay below 2^32.
  for (let start = 0; start < bytes.length; start += 3800) {
    for (const byte of bytes.subarray(start, start + 3800)) {
      a += byte;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}
