import { MIN_HEADER } from "./header.ts";
import { BASE_SIZE, encodeRecord, recordSize } from "./kind.ts";
import { RecordOutput } from "./kinds/codec.ts";
import type { BtfType } from "./model.ts";

/** Bytes and types that there is room for at first. */
const FIRST_BYTES = 4096;
const FIRST_TYPES = 256;

const NARROW = { wideVlen: false } as const;

/**
 * A type section in the making: each type is encoded when it is added, so that a large program's millions are bytes and no objects. Ids
 * are counted from 1. Error of `add` and `replace`: LIMIT_EXCEEDED if a number does not fit into its field.
 */
export class TypeRecords {
  private readonly littleEndian: boolean;
  /** Behind room for the header. */
  private bytes = new Uint8Array(FIRST_BYTES);
  private view: DataView;
  private output: RecordOutput;
  private starts = new Uint32Array(FIRST_TYPES);
  private used = MIN_HEADER;
  private types = 0;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
    this.view = new DataView(this.bytes.buffer);
    this.output = new RecordOutput(this.bytes, 0, littleEndian);
  }

  /** Number of types, which is the id of the last one. */
  get count(): number {
    return this.types;
  }

  /** Appends a type and returns its id. */
  add(type: BtfType): number {
    const start = this.used;
    this.reserve(start + recordSize(type));
    if (this.types === this.starts.length) {
      const grown = new Uint32Array(2 * this.types);
      grown.set(this.starts);
      this.starts = grown;
    }
    this.starts[this.types] = start;
    this.types++;
    this.write(this.types, start, type);
    this.used = this.output.at;
    return this.types;
  }

  /** Puts a type of the same size in the place of another one. */
  replace(id: number, type: BtfType): void {
    this.write(id, this.start(id), type);
  }

  /** Byte offset of a type's record in the blob. */
  start(id: number): number {
    return this.starts[id - 1] ?? 0;
  }

  /** Bytes of all records. */
  get length(): number {
    return this.used - MIN_HEADER;
  }

  /** The info word: kind_flag, kind and vlen. */
  info(id: number): number {
    return this.view.getUint32(this.start(id) + 4, this.littleEndian);
  }

  /** The word at a byte offset of a type's record. */
  word(id: number, offset: number): number {
    return this.view.getUint32(this.start(id) + offset, this.littleEndian);
  }

  setWord(id: number, offset: number, value: number): void {
    this.view.setUint32(this.start(id) + offset, value, this.littleEndian);
  }

  /** The blob with these strings behind the records, all but its header: no copy, so that no type may be added any more. */
  finish(strings: Uint8Array): Uint8Array {
    const end = this.used + strings.length;
    if (end > this.bytes.length) this.grow(end);
    this.bytes.set(strings, this.used);
    return this.bytes.subarray(0, end);
  }

  private write(id: number, start: number, type: BtfType): void {
    this.output.typeId = id;
    this.output.at = start;
    encodeRecord(type, this.output, NARROW);
  }

  private reserve(size: number): void {
    if (size > this.bytes.length) this.grow(Math.max(size, 2 * this.bytes.length));
  }

  private grow(size: number): void {
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.used));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
    this.output = new RecordOutput(grown, this.used, this.littleEndian);
  }
}

/** Offset in a record of the word that holds its one reference, and of the first member's type; from member to member. In bytes. */
export const TYPE_WORD = 8;
export const ELEMENT_WORD: number = BASE_SIZE;
export const MEMBER_TYPE_WORD: number = BASE_SIZE + 4;
export const MEMBER_SIZE = 12;
