const encoder = new TextEncoder();

/** What may be a key as it stands: one character a byte. */
const ASCII = /^[\0-\x7f]*$/;

/** Bytes of a new table's buffer. */
const FIRST_SIZE = 1024;

/** So many names are searched for one by one before an index of all is made, which for a kernel's own strings takes longest of a check. */
const FEW = 4;

/** Characters that are made at once: a call takes no endless list of arguments. */
const CHUNK = 4096;

/** Exact key of a byte string: Latin-1 text, one character a byte. */
function key(bytes: Uint8Array): string {
  // A text put together from its letters would keep a piece for each, ten times its length.
  if (bytes.length <= CHUNK) return Reflect.apply(String.fromCharCode, undefined, bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at, at + CHUNK));
  }
  return text;
}

/**
 * A string table that grows at its end. Strings are shared only when they are equal from their first byte on (cilium/ebpf refuses
 * offsets into the middle of a string).
 */
export class StringAppender {
  /** Offset by key; made when it is first asked for, since many a repair adds no name. */
  private offsets: Map<string, number> | undefined;
  private searched = 0;
  /** Offset of the table's first byte: behind the strings of the base. */
  private readonly start: number;
  private buffer: Uint8Array;
  private used: number;

  /** Goes on from `table`, whose first byte has the offset `start`. */
  constructor(table: Uint8Array, start: number) {
    this.start = start;
    this.buffer = table;
    this.used = table.length;
  }

  /** Offset of `name`, appended if it is not there yet; the empty name is offset 0. */
  add(name: string | Uint8Array): number {
    const bytes = typeof name === "string" && !ASCII.test(name) ? encoder.encode(name) : name;
    if (bytes.length === 0) return 0;
    const text = typeof bytes === "string" ? bytes : key(bytes);
    const known = this.offsetOf(text);
    if (known !== undefined) return known;
    const at = this.used;
    this.offsets?.set(text, this.start + at);
    this.reserve(at + bytes.length + 1);
    if (typeof bytes === "string") encoder.encodeInto(bytes, this.buffer.subarray(at));
    else this.buffer.set(bytes, at);
    this.used += bytes.length + 1;
    return this.start + at;
  }

  /** Offset of a name that is there; undefined if it is not. */
  find(name: Uint8Array): number | undefined {
    return name.length === 0 ? 0 : this.offsetOf(key(name));
  }

  /** A copy of the table as it is now. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.used);
  }

  private reserve(size: number): void {
    if (size <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(FIRST_SIZE, size, 2 * this.buffer.length));
    grown.set(this.buffer.subarray(0, this.used));
    this.buffer = grown;
  }

  private offsetOf(text: string): number | undefined {
    if (this.offsets !== undefined || this.searched === FEW) return this.index().get(text);
    this.searched++;
    const { buffer, used } = this;
    let from = 0;
    for (let at = 0; at < used; at++) {
      if (buffer[at] !== 0) continue;
      if (at - from === text.length && this.isAt(from, text)) return this.start + from;
      from = at + 1;
    }
    return undefined;
  }

  private isAt(offset: number, text: string): boolean {
    for (let at = 0; at < text.length; at++) if (this.buffer[offset + at] !== text.charCodeAt(at)) return false;
    return true;
  }

  private index(): Map<string, number> {
    if (this.offsets !== undefined) return this.offsets;
    const offsets = new Map<string, number>();
    const table = this.buffer.subarray(0, this.used);
    let from = 0;
    for (let end = table.indexOf(0); end >= 0; end = table.indexOf(0, from)) {
      const text = key(table.subarray(from, end));
      if (text !== "" && !offsets.has(text)) offsets.set(text, this.start + from);
      from = end + 1;
    }
    this.offsets = offsets;
    return offsets;
  }
}
