import { BASE_SIZE } from "../btf/kind.ts";
import { KIND_NUMBER } from "../btf/model.ts";

/** Kind of a type id that no record has. */
export const MISSING = -1;
/** Kind of type id 0. */
export const VOID = 0;

const K = KIND_NUMBER;

/** Bytes of a record after the base words, by kind: fixed, and for each element of its list (include/uapi/linux/btf.h). */
export const RECORD_TAIL: ReadonlyMap<number, readonly [fixed: number, each: number]> = new Map<
  number,
  readonly [number, number]
>([
  [K.int, [4, 0]],
  [K.array, [12, 0]],
  [K.var, [4, 0]],
  [K.declTag, [4, 0]],
  [K.struct, [0, 12]],
  [K.union, [0, 12]],
  [K.enum, [0, 8]],
  [K.enum64, [0, 12]],
  [K.funcProto, [0, 8]],
  [K.datasec, [0, 12]],
  ...[K.ptr, K.fwd, K.typedef, K.volatile, K.const, K.restrict, K.func, K.float, K.typeTag].map(
    (kind) => [kind, [0, 0]] as const,
  ),
]);

/** How a reader of BTF takes the `info` word apart: the bits of the kind (shifted down by 24) and of the vlen. */
export interface InfoMasks {
  readonly kindMask: number;
  readonly vlenMask: number;
}

/**
 * The bytes of a `.BTF` as one judge reads them, who looks at no more than it needs: unlike `parseBtf` this takes records as they are.
 * The judge's own walk adds the records and sets where the strings lie. Offsets are not checked here: `u32` past the end throws a
 * RangeError, so a judge bounds its walk as the real one does.
 */
export class BtfBlob {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly littleEndian: boolean;
  private readonly kindMask: number;
  private readonly vlenMask: number;
  /** First byte and length of the strings; set once the header holds. */
  stringsAt = 0;
  stringsLength = 0;
  /** How many ids there are, that of void among them. */
  count = 1;
  /** Offset and kind of each record by its id. */
  private readonly offsets: Int32Array;
  private readonly kinds: Uint8Array;

  constructor(bytes: Uint8Array, littleEndian: boolean, { kindMask, vlenMask }: InfoMasks) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = littleEndian;
    this.kindMask = kindMask;
    this.vlenMask = vlenMask;
    // More records than this have no room in the blob.
    const most = Math.floor(bytes.length / BASE_SIZE) + 1;
    this.offsets = new Int32Array(most);
    this.kinds = new Uint8Array(most);
    this.offsets[VOID] = -1;
  }

  /** Gives the record at the offset, whose base words are there, the next id. */
  add(at: number): void {
    this.offsets[this.count] = at;
    this.kinds[this.count] = this.kindAt(at);
    this.count++;
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, this.littleEndian);
  }

  i32(offset: number): number {
    return this.view.getInt32(offset, this.littleEndian);
  }

  info(at: number): number {
    return this.u32(at + 4);
  }

  kindAt(at: number): number {
    return (this.info(at) >>> 24) & this.kindMask;
  }

  vlen(at: number): number {
    return this.info(at) & this.vlenMask;
  }

  kindFlag(at: number): boolean {
    return this.info(at) >= 0x8000_0000;
  }

  nameOff(at: number): number {
    return this.u32(at);
  }

  /** The size-or-type word. */
  word(at: number): number {
    return this.u32(at + 8);
  }

  /** Offset of what follows the three base words. */
  tail(at: number): number {
    return at + BASE_SIZE;
  }

  /** Offset of the record with this id; -1 for void, and where there is none. */
  at(id: number): number {
    return id < this.count ? (this.offsets[id] ?? -1) : -1;
  }

  /** Kind of the type with this id, `VOID` or `MISSING`. */
  kind(id: number): number {
    return id < this.count ? (this.kinds[id] ?? MISSING) : MISSING;
  }

  /** The byte of the string table; 0 past its end. */
  char(offset: number): number {
    return offset < this.stringsLength ? (this.bytes[this.stringsAt + offset] ?? 0) : 0;
  }

  /** The string at an offset, each byte a character, and cut at `limit`. */
  string(offset: number, limit: number): string {
    let text = "";
    for (let at = offset; text.length < limit; at++) {
      const byte = this.char(at);
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
