const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Longest name that is read; a longer one is told by its beginning. */
const LONGEST = 1024;

/** The strings of a `.BTF`, to which a fix-up adds. */
export class Strings {
  private bytes: Uint8Array;
  length: number;
  /** Where the last NUL stands: a string that begins after it has no end. */
  private lastNul: number;
  private readonly known = new Map<number, string>();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes.slice();
    this.length = bytes.length;
    this.lastNul = bytes.lastIndexOf(0);
  }

  /** Whether a string that ends begins here. */
  has(offset: number): boolean {
    return offset <= this.lastNul;
  }

  /** The string at an offset that `has` one; bytes that are no UTF-8 become U+FFFD. */
  at(offset: number): string {
    const known = this.known.get(offset);
    if (known !== undefined) return known;
    const limit = Math.min(this.length, offset + LONGEST);
    let end = offset;
    while (end < limit && this.bytes[end] !== 0) end++;
    const text = decoder.decode(this.bytes.subarray(offset, end));
    this.known.set(offset, text);
    return text;
  }

  /** Appends a string; its offset. */
  add(text: string): number {
    const offset = this.length;
    const added = new TextEncoder().encode(`${text}\0`);
    if (offset + added.length > this.bytes.length) {
      const larger = new Uint8Array(2 * (offset + added.length));
      larger.set(this.bytes.subarray(0, offset));
      this.bytes = larger;
    }
    this.bytes.set(added, offset);
    this.length += added.length;
    this.lastNul = this.length - 1;
    return offset;
  }

  /** All of it, as it is written. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
