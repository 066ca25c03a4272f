import { BtfFixError, type BtfFixErrorCode } from "../errors.ts";

/** What a reader says when its input ends early: which code, and which section the offsets belong to. */
export interface ReaderOrigin {
  readonly code: BtfFixErrorCode;
  readonly section: string | undefined;
}

/** A bounds-checked cursor over untrusted bytes; every read past the end is one `BtfFixError` with its offset. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  offset = 0;
  private readonly view: DataView;
  private readonly origin: ReaderOrigin;

  constructor(bytes: Uint8Array, littleEndian: boolean, origin: ReaderOrigin) {
    this.bytes = bytes;
    this.littleEndian = littleEndian;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.origin = origin;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  seek(offset: number): this {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > this.bytes.length) this.raise(offset, 0);
    this.offset = offset;
    return this;
  }

  skip(length: number): this {
    return this.seek(this.offset + length);
  }

  u8(): number {
    return this.view.getUint8(this.claim(1));
  }

  u16(): number {
    return this.view.getUint16(this.claim(2), this.littleEndian);
  }

  u32(): number {
    return this.view.getUint32(this.claim(4), this.littleEndian);
  }

  i32(): number {
    return this.view.getInt32(this.claim(4), this.littleEndian);
  }

  u64(): bigint {
    return this.view.getBigUint64(this.claim(8), this.littleEndian);
  }

  /** A view, not a copy, of the next `length` bytes. */
  take(length: number): Uint8Array {
    const start = this.claim(length);
    return this.bytes.subarray(start, start + length);
  }

  private claim(length: number): number {
    const start = this.offset;
    if (length < 0 || length > this.bytes.length - start) this.raise(start, length);
    this.offset = start + length;
    return start;
  }

  private raise(offset: number, length: number): never {
    const where = this.origin.section === undefined ? "the file" : this.origin.section;
    throw new BtfFixError(
      this.origin.code,
      `${where} ends at byte ${this.bytes.length}, but ${length} bytes are needed at offset ${offset}`,
      { section: this.origin.section, offset, length },
    );
  }
}
