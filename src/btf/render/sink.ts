import { BtfFixError } from "../../errors.ts";

/** Largest text in bytes: a hostile blob may show one long name in every type. A whole kernel's BTF takes 20 MiB. */
const MAX_TEXT = 256 * 1024 * 1024;

/** A growing buffer for text whose names are bytes of any encoding: ASCII is written as text, names as they are. Errors: LIMIT_EXCEEDED. */
export class ByteSink {
  private buffer: Uint8Array = new Uint8Array(4096);
  private used = 0;

  /** Writes text of ASCII characters alone. */
  ascii(text: string): this {
    const start = this.claim(text.length);
    for (let i = 0; i < text.length; i++) this.buffer[start + i] = text.charCodeAt(i);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const start = this.claim(bytes.length);
    // Names are short: a loop beats the call of `set`.
    for (let i = 0; i < bytes.length; i++) this.buffer[start + i] = bytes[i] ?? 0;
    return this;
  }

  byte(value: number): this {
    const at = this.claim(1);
    this.buffer[at] = value;
    return this;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.used);
  }

  private claim(length: number): number {
    const start = this.used;
    const needed = start + length;
    if (needed > this.buffer.length) {
      if (needed > MAX_TEXT) throw new BtfFixError("LIMIT_EXCEEDED", `the dump would take more than ${MAX_TEXT} bytes`);
      const grown = new Uint8Array(Math.min(MAX_TEXT, Math.max(needed, this.buffer.length * 2)));
      grown.set(this.buffer.subarray(0, start));
      this.buffer = grown;
    }
    this.used = needed;
    return start;
  }
}
