import { nulFrom } from "../../bytes/nul.ts";
import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse } from "./rule.ts";

const terminated = ciliumRule(
  "CB-10",
  "The last byte of the strings is 0.",
  "btf.newStringTable",
  "string table isn't null terminated",
);
const emptyFirst = ciliumRule(
  "CB-11",
  "The first string is empty.",
  "btf.newStringTable",
  "first item in string table is non-empty",
);
const inside = ciliumRule(
  "CB-12",
  "A string begins within the strings.",
  "btf.stringTable.Lookup",
  "offset N is out of bounds of string table",
);
const whole = ciliumRule(
  "CB-13",
  "An offset of a string is where one begins: none is the tail of another.",
  "btf.stringTable.Lookup",
  "offset N is not the beginning of a string",
);
const ended = ciliumRule(
  "CB-14",
  "A string begins before the end of the strings.",
  "btf.stringTable.Lookup",
  "string at offset N is not null terminated",
);

export const stringRules: readonly LoaderRule[] = [terminated, emptyFirst, inside, whole, ended];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** A byte of a name that is no UTF-8, as `nameText` has it: U+DC80 to U+DCFF, which no name has by itself. */
const BYTE = /[\udc80-\udcff]/u;
const BYTES = /[\udc80-\udcff]+/gu;

/** A name as text. The library's strings are bytes, and it sends them on as they came: those that are no UTF-8 keep each byte outside of ASCII. */
function nameText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 | byte)).join("");
  }
}

/** The bytes of a name. */
export function nameBytes(text: string): Uint8Array {
  return BYTE.test(text) ? Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff) : encoder.encode(text);
}

/** A line with such names, as people read it. */
export function readable(line: string): string {
  return line.replace(BYTES, "\u{fffd}");
}

/** The strings of a blob, each of which is asked for by the offset of its first byte. */
export class StringTable {
  private readonly bytes: Uint8Array;
  private readonly known = new Map<number, string>([[0, ""]]);

  /** Errors: CB-10, CB-11. */
  constructor(bytes: Uint8Array) {
    if (bytes.length > 0) {
      if (bytes[bytes.length - 1] !== 0) refuse(terminated);
      if (bytes[0] !== 0) refuse(emptyFirst);
    }
    this.bytes = bytes;
  }

  /** Errors: CB-12, CB-13, CB-14. */
  at(offset: number): string {
    const known = this.known.get(offset);
    if (known !== undefined) return known;
    const { bytes } = this;
    if (offset > bytes.length) refuse(inside, `offset ${offset} is out of bounds of string table`);
    if (bytes[offset - 1] !== 0) refuse(whole, `offset ${offset} is not the beginning of a string`);
    const end = nulFrom(bytes, offset);
    if (end < 0) refuse(ended, `string at offset ${offset} is not null terminated`);
    const text = nameText(bytes.subarray(offset, end));
    this.known.set(offset, text);
    return text;
  }
}
