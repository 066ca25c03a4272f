import type { Btf, BtfType } from "./model.ts";
import { stringLength } from "./names.ts";
import { StringAppender } from "./string-appender.ts";

/**
 * Edits a blob by appending and replacing: existing ids and string offsets stay valid, new types and strings go to the end.
 */
export class BtfBuilder {
  private readonly origin: Btf;
  private readonly types: BtfType[];
  private readonly strings: StringAppender;

  constructor(origin: Btf) {
    this.origin = origin;
    this.types = [...origin.types];
    const { bytes } = origin.strings;
    this.strings = new StringAppender(bytes, stringLength(origin) - bytes.length);
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
    return this.strings.add(name);
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
    return { ...this.origin, types: [...this.types], strings: { bytes: this.strings.finish() } };
  }
}
