import type { Btf, BtfType } from "./model.ts";
import { stringLength } from "./names.ts";

const encoder = new TextEncoder();

/** Exact key of a byte string: Latin-1 text, one character a byte. */
function key(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/**
 * Edits a blob by appending and replacing: existing ids and string offsets stay valid, new types and strings go to the end.
 * Strings are shared only when they are equal from their first byte on (cilium/ebpf refuses offsets into the middle of a string).
 */
export class BtfBuilder {
  private readonly origin: Btf;
  private readonly types: BtfType[];
  private readonly offsets = new Map<string, number>();
  private readonly added: Uint8Array[] = [];
  private end: number;

  constructor(origin: Btf) {
    this.origin = origin;
    this.types = [...origin.types];
    this.end = stringLength(origin);
    this.indexStrings();
  }

  /** A builder of a blob with no types and only the empty string. */
  static empty(littleEndian: boolean): BtfBuilder {
    return new BtfBuilder({
      littleEndian,
      types: [],
      firstId: 1,
      strings: { bytes: new Uint8Array(1) },
      base: undefined,
      wire: undefined,
    });
  }

  /** Id that the next added type will get. */
  get nextId(): number {
    return this.origin.firstId + this.types.length;
  }

  /** Offset of `name`, appended to the table if it is not there yet; the empty name is offset 0. */
  string(name: string | Uint8Array): number {
    const bytes = typeof name === "string" ? encoder.encode(name) : name;
    if (bytes.length === 0) return 0;
    const text = key(bytes);
    const known = this.offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.end;
    this.offsets.set(text, offset);
    const terminated = new Uint8Array(bytes.length + 1);
    terminated.set(bytes);
    this.added.push(terminated);
    this.end += terminated.length;
    return offset;
  }

  /** Appends a type and returns its id. */
  add(type: BtfType): number {
    this.types.push(type);
    return this.nextId - 1;
  }

  /** Puts another record at an existing own id. */
  replace(id: number, type: BtfType): void {
    const index = id - this.origin.firstId;
    if (index < 0 || index >= this.types.length) throw new RangeError(`no own type has id ${id}`);
    this.types[index] = type;
  }

  /** The record that now has this id. */
  get(id: number): BtfType | undefined {
    return this.types[id - this.origin.firstId];
  }

  /** The edited blob; later edits of the builder do not reach it. */
  finish(): Btf {
    const strings = new Uint8Array(this.end - (stringLength(this.origin) - this.origin.strings.bytes.length));
    strings.set(this.origin.strings.bytes);
    let at = this.origin.strings.bytes.length;
    for (const bytes of this.added) {
      strings.set(bytes, at);
      at += bytes.length;
    }
    return { ...this.origin, types: [...this.types], strings: { bytes: strings } };
  }

  private indexStrings(): void {
    const { bytes } = this.origin.strings;
    const base = this.end - bytes.length;
    let start = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
      const text = key(bytes.subarray(start, end));
      if (text !== "" && !this.offsets.has(text)) this.offsets.set(text, base + start);
      start = end + 1;
    }
  }
}
