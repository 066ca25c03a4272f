import { nulFrom } from "../bytes/nul.ts";
import { BtfFixError, type BtfFixErrorCode } from "../errors.ts";

const decoder = new TextDecoder();

/**
 * Reads NUL-terminated names from one string table, each offset once.
 *
 * All names together may cost a few times the table's size: suffix sharing is legal, a million names of a megabyte each are an attack.
 */
export class NameReader {
  private readonly table: Uint8Array;
  private readonly section: string;
  private readonly names = new Map<number, string>([[0, ""]]);
  private readonly malformed: BtfFixErrorCode;
  private budget: number;

  /** `section`: the table's name, for errors; `malformed`: the code of a name that the table does not hold. */
  constructor(table: Uint8Array, section: string, malformed: BtfFixErrorCode = "ELF_MALFORMED") {
    this.table = table;
    this.section = section;
    this.malformed = malformed;
    this.budget = 8 * table.length + 0x1_0000;
  }

  /**
   * The name at an offset; bytes that are not UTF-8 become U+FFFD. Offset 0 is the empty name, whatever the table holds.
   *
   * Errors: ELF_MALFORMED (or the code given) when the name starts or runs past the end, LIMIT_EXCEEDED when names overlap beyond all measure.
   */
  at(offset: number): string {
    const known = this.names.get(offset);
    if (known !== undefined) return known;
    const { table } = this;
    if (offset >= table.length) {
      this.raise(this.malformed, `name offset ${offset} lies outside ${this.section} (${table.length} bytes)`, offset);
    }
    const end = nulFrom(table, offset);
    if (end < 0) this.raise(this.malformed, `the name at ${this.section}+${offset} has no end`, offset);
    this.budget -= end - offset;
    if (this.budget < 0) this.raise("LIMIT_EXCEEDED", `the names in ${this.section} overlap too much`, offset);
    const name = decodeName(table, offset, end);
    this.names.set(offset, name);
    return name;
  }

  private raise(code: BtfFixErrorCode, message: string, offset: number): never {
    throw new BtfFixError(code, message, { section: this.section, offset, length: 0 });
  }
}

/** Short ASCII names, nearly all, are cheaper to build by hand than to hand to a TextDecoder. */
function decodeName(table: Uint8Array, start: number, end: number): string {
  if (end - start > 64) return decoder.decode(table.subarray(start, end));
  for (let i = start; i < end; i++) {
    if ((table[i] ?? 0) >= 0x80) return decoder.decode(table.subarray(start, end));
  }
  // All characters at once: a text put together from its letters keeps a piece for each, ten times its length.
  return Reflect.apply(String.fromCharCode, undefined, table.subarray(start, end));
}
