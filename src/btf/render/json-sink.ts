import { ByteSink } from "./sink.ts";

const INDENT = "    ";
const BACKSLASH = 0x5c;

/**
 * The bytes that bpftool escapes in a string, with the letter after the backslash; all others go out as they are. A backslash comes out
 * as a newline does: a slip of bpftool's writer that its text, and so ours, has.
 */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x09, 0x74],
  [0x0a, 0x6e],
  [0x0d, 0x72],
  [0x0c, 0x66],
  [0x08, 0x62],
  [BACKSLASH, 0x6e],
  [0x22, 0x22],
]);

/** Writes JSON as bpftool lays it out: on one line, or indented with the objects of a list joined as `},{`. */
export class JsonSink {
  private readonly sink = new ByteSink();
  private readonly pretty: boolean;
  private depth = 0;
  /** Whether the open object or list has something in it. */
  private filled = false;

  constructor(options: { readonly pretty: boolean }) {
    this.pretty = options.pretty;
  }

  /** Opens an object: the next element of a list, or the root. */
  openObject(): void {
    if (this.filled) this.sink.ascii(",");
    this.open("{");
  }

  closeObject(): void {
    this.close("}");
  }

  openList(name: string): void {
    this.name(name);
    this.open("[");
  }

  closeList(): void {
    this.close("]");
  }

  number(name: string, value: number | bigint): void {
    this.name(name);
    this.sink.ascii(value.toString());
  }

  /** A string field of ASCII that needs no escapes. */
  word(name: string, value: string): void {
    this.name(name);
    this.sink.ascii(`"${value}"`);
  }

  /** A string field of any bytes. */
  string(name: string, value: Uint8Array): void {
    this.name(name);
    this.sink.ascii('"');
    for (const byte of value) {
      const letter = ESCAPES.get(byte);
      if (letter === undefined) this.sink.byte(byte);
      else this.sink.byte(BACKSLASH).byte(letter);
    }
    this.sink.ascii('"');
  }

  /** What was written, and the newline that ends it. */
  finish(): Uint8Array {
    return this.sink.ascii("\n").finish();
  }

  private name(name: string): void {
    if (this.filled) this.sink.ascii(",");
    this.newLine();
    this.sink.ascii(this.pretty ? `"${name}": ` : `"${name}":`);
    this.filled = true;
  }

  private open(bracket: string): void {
    this.sink.ascii(bracket);
    this.depth++;
    this.filled = false;
  }

  private close(bracket: string): void {
    this.depth--;
    if (this.filled) this.newLine();
    this.sink.ascii(bracket);
    this.filled = true;
  }

  private newLine(): void {
    if (this.pretty) this.sink.ascii(`\n${INDENT.repeat(this.depth)}`);
  }
}
