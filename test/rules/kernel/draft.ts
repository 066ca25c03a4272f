import { assemble, concat, type WireRecord } from "../../btf/assemble.ts";

/** A record that may still be changed. */
export type DraftRecord = { -readonly [Key in keyof WireRecord]: WireRecord[Key] };

/** Name offsets that are known once all strings are: the length of the table, and the NUL at its end. */
export const PAST_STRINGS = -1;
export const LAST_NUL = -2;

export const KIND = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  proto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

/** What a record has beyond its kind. */
export interface Parts {
  readonly name?: string | number;
  readonly word?: number;
  readonly words?: readonly number[];
  readonly vlen?: number;
  readonly flag?: boolean;
}

/** BTF under construction, whose records can be broken before they are laid out. */
export class Draft {
  readonly records: DraftRecord[] = [];
  /** Bytes after the last record, within the type section. */
  trailing = 0;
  /** Whether ids mean something to whoever made the records. */
  ordered = false;
  strings: Uint8Array[] = [new Uint8Array(1)];
  stringsLength = 1;
  private readonly offsets = new Map<string, number>();

  /** Offset of a name, each character a byte; "" is offset 0. */
  name(text: string): number {
    if (text === "") return 0;
    const known = this.offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.stringsLength;
    this.strings.push(
      Uint8Array.from(text, (char) => char.charCodeAt(0)),
      new Uint8Array(1),
    );
    this.stringsLength += text.length + 1;
    this.offsets.set(text, offset);
    return offset;
  }

  /** Appends a record and returns its id. */
  add(kind: number, parts: Parts = {}): number {
    const { name = 0, word = 0, words = [], vlen = 0, flag = false } = parts;
    const nameOff = typeof name === "string" ? this.name(name) : name;
    this.records.push({ kind, nameOff, sizeOrType: word, words, vlen, kindFlag: flag });
    return this.records.length;
  }

  /** INT of so many bytes. */
  int(size = 4): number {
    return this.add(KIND.int, { name: "int", word: size, words: [size * 8] });
  }

  /** STRUCT; members are name, type, offset word. */
  struct(name: string, size: number, members: readonly (readonly [string, number, number])[], flag = false): number {
    return this.composite(KIND.struct, name, size, members, flag);
  }

  composite(
    kind: number,
    name: string,
    size: number,
    members: readonly (readonly [string, number, number])[],
    flag = false,
  ): number {
    const words = members.flatMap(([member, type, offset]) => [this.name(member), type, offset]);
    return this.add(kind, { name, word: size, words, vlen: members.length, flag });
  }

  /** FUNC_PROTO; parameters are name, type. */
  proto(returned: number, params: readonly (readonly [string, number])[]): number {
    const words = params.flatMap(([param, type]) => [this.name(param), type]);
    return this.add(KIND.proto, { word: returned, words, vlen: params.length });
  }

  /** The blob; the strings may be given as they are. */
  blob(strings?: Uint8Array): Uint8Array {
    const table = strings ?? concat(this.strings);
    const offset = (nameOff: number): number => {
      if (nameOff === PAST_STRINGS) return table.length;
      return nameOff === LAST_NUL ? table.length - 1 : nameOff;
    };
    const records = this.records.map((record) => ({
      ...record,
      nameOff: offset(record.nameOff),
      words: record.words.map((word) => (word < 0 ? offset(word) : word)),
    }));
    if (this.trailing === 0) return assemble({ littleEndian: true, records, strings: table });
    const whole = assemble({ littleEndian: true, records, strings: new Uint8Array(0) });
    const bytes = concat([whole, new Uint8Array(this.trailing), table]);
    const view = new DataView(bytes.buffer);
    const typeLength = whole.length - 24 + this.trailing;
    view.setUint32(12, typeLength, true);
    view.setUint32(16, typeLength, true);
    view.setUint32(20, table.length, true);
    return bytes;
  }
}

/** A copy with ids changed by `renumber`; those of records that are not there stay. */
export function withIds(record: DraftRecord, renumber: (id: number) => number): DraftRecord {
  const every = (stride: number, place: number): number[] =>
    record.words.map((word, index) => (index % stride === place ? renumber(word) : word));
  switch (record.kind) {
    case KIND.ptr:
    case KIND.typedef:
    case KIND.volatile:
    case KIND.const:
    case KIND.restrict:
    case KIND.func:
    case KIND.var:
    case KIND.declTag:
    case KIND.typeTag:
      return { ...record, sizeOrType: renumber(record.sizeOrType) };
    case KIND.array:
      return { ...record, words: record.words.map((word, index) => (index < 2 ? renumber(word) : word)) };
    case KIND.struct:
    case KIND.union:
      return { ...record, words: every(3, 1) };
    case KIND.proto:
      return { ...record, sizeOrType: renumber(record.sizeOrType), words: every(2, 1) };
    case KIND.datasec:
      return { ...record, words: every(3, 0) };
    default:
      return { ...record };
  }
}
