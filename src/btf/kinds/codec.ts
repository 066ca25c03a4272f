import { BtfFixError } from "../../errors.ts";
import type { BtfType } from "../model.ts";

/** The record being decoded: its three base words taken apart, and its trailing words, whose bounds the caller has checked. */
export class RecordInput {
  nameOff = 0;
  vlen = 0;
  kindFlag = false;
  sizeOrType = 0;
  /** Byte offset of the trailing words in the blob. */
  tail = 0;
  private readonly view: DataView;
  private readonly littleEndian: boolean;

  constructor(view: DataView, littleEndian: boolean) {
    this.view = view;
    this.littleEndian = littleEndian;
  }

  /** The trailing word `offset` bytes after the base words. */
  u32(offset: number): number {
    return this.view.getUint32(this.tail + offset, this.littleEndian);
  }

  i32(offset: number): number {
    return this.view.getInt32(this.tail + offset, this.littleEndian);
  }
}

/** Where records are encoded to; the caller has sized the buffer. A number that its field cannot hold is `LIMIT_EXCEEDED`. */
export class RecordOutput {
  at: number;
  /** Id of the record being written; errors name it. */
  typeId = 0;
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly littleEndian: boolean;

  constructor(bytes: Uint8Array, at: number, littleEndian: boolean) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.littleEndian = littleEndian;
  }

  u32(value: number): void {
    if (value >>> 0 !== value) this.raise(`${value} does not fit into an unsigned word`);
    this.view.setUint32(this.at, value, this.littleEndian);
    this.at += 4;
  }

  i32(value: number): void {
    if ((value | 0) !== value) this.raise(`${value} does not fit into a signed word`);
    this.view.setInt32(this.at, value, this.littleEndian);
    this.at += 4;
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  raise(what: string): never {
    throw new BtfFixError("LIMIT_EXCEEDED", `type [${this.typeId}] cannot be encoded: ${what}`);
  }
}

/** What a kind does with the info word and the size-or-type word; the parser keeps the bits of the others in `unused`. */
export interface KindUses {
  readonly vlen: boolean;
  readonly kindFlag: boolean;
  readonly sizeOrType: boolean;
}

/** Reads and writes the records of one kind, or of kinds that differ in their number alone. */
export interface KindCodec<T extends BtfType = BtfType> {
  readonly uses: KindUses;
  /** Bytes after the base words that every record has. */
  readonly infoSize: number;
  /** Bytes of each of the `vlen` entries of its list, 0 if it has none. */
  readonly elemSize: number;
  decode(input: RecordInput): T;
  vlen(type: T): number;
  kindFlag(type: T): boolean;
  sizeOrType(type: T): number;
  encodeTail(type: T, output: RecordOutput): void;
}
