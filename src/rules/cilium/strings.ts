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

const decoder = new TextDecoder();

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
    const text = decoder.decode(bytes.subarray(offset, end));
    this.known.set(offset, text);
    return text;
  }
}
