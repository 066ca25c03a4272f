/** A growing buffer that writes words in one byte order. */
export class ByteWriter {
  readonly littleEndian: boolean;
  private buffer: Uint8Array = new Uint8Array(256);
  private view: DataView = new DataView(this.buffer.buffer);
  private used = 0;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  get length(): number {
    return this.used;
  }

  u8(value: number): this {
    this.view.setUint8(this.claim(1), value);
    return this;
  }

  u16(value: number): this {
    this.view.setUint16(this.claim(2), value, this.littleEndian);
    return this;
  }

  u32(value: number): this {
    this.view.setUint32(this.claim(4), value, this.littleEndian);
    return this;
  }

  u64(value: bigint): this {
    this.view.setBigUint64(this.claim(8), value, this.littleEndian);
    return this;
  }

  bytes(value: Uint8Array): this {
    // Claim first: growing replaces the buffer.
    const start = this.claim(value.length);
    this.buffer.set(value, start);
    return this;
  }

  /** Zero bytes until the length is a multiple of `alignment`. */
  align(alignment: number): this {
    while (this.used % alignment !== 0) this.u8(0);
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
      const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, start));
      this.buffer = grown;
      this.view = new DataView(grown.buffer);
    }
    this.used = needed;
    return start;
  }
}
