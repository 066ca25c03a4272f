import { nulFrom } from "../bytes/nul.ts";
import { BtfFixError } from "../errors.ts";
import { KIND } from "./abi.ts";
import type { Gimli } from "./module.ts";

/** Strings up to this many bytes are decoded each time; longer ones once. */
const SHORT = 1024;
/** Bytes of long strings beyond those of the sections themselves that may be decoded. */
const SLACK = 16 << 20;

const decoder: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A string's place: kind and two words, as the module gives them. */
export interface StringPlace {
  readonly kind: number;
  readonly low: number;
  readonly high: number;
}

/** Decodes the strings of one object on demand. */
export interface StringReader {
  /** Undefined if the place is not a string's. `section` (a number of `SECTION`) holds the inline ones. */
  text(section: number, place: StringPlace): string | undefined;
  bytes(section: number, place: StringPlace): Uint8Array | undefined;
  /** A number below `places` for each place in a string section; undefined for the others. */
  placeOf(kind: number, low: number): number | undefined;
  readonly places: number;
}

/**
 * Strings of `.debug_str`, `.debug_line_str` and in place. Bytes that are not UTF-8 become U+FFFD.
 *
 * Thousands of entries may point into one huge string, each a byte further: what is decoded in all is limited by what the sections hold.
 * Errors: LIMIT_EXCEEDED.
 */
export function stringReader(gimli: Gimli, str: Uint8Array, lineStr: Uint8Array): StringReader {
  const long = new Map<Uint8Array, Map<number, string>>();
  let allowed = 4 * (str.length + lineStr.length) + SLACK;

  function bytes(section: number, { kind, low, high }: StringPlace): Uint8Array | undefined {
    if (kind === KIND.str) return terminated(str, low);
    if (kind === KIND.lineStr) return terminated(lineStr, low);
    if (kind === KIND.inline) return gimli.copy(section, low, high);
    return undefined;
  }

  function text(section: number, place: StringPlace): string | undefined {
    const found = bytes(section, place);
    if (found === undefined) return undefined;
    if (found.length <= SHORT || place.kind === KIND.inline) return decoder.decode(found);
    const table = place.kind === KIND.str ? str : lineStr;
    let known = long.get(table);
    if (known === undefined) {
      known = new Map();
      long.set(table, known);
    }
    let decoded = known.get(place.low);
    if (decoded === undefined) {
      allowed -= found.length;
      if (allowed < 0) {
        const name = place.kind === KIND.str ? ".debug_str" : ".debug_line_str";
        throw new BtfFixError("LIMIT_EXCEEDED", `${name} at offset ${place.low}: too many long strings overlap`, {
          section: name,
          offset: place.low,
          length: found.length,
        });
      }
      decoded = decoder.decode(found);
      known.set(place.low, decoded);
    }
    return decoded;
  }

  function placeOf(kind: number, low: number): number | undefined {
    if (kind === KIND.str) return low;
    return kind === KIND.lineStr ? str.length + low : undefined;
  }

  return { text, bytes, placeOf, places: str.length + lineStr.length };
}

/** From `offset` to the NUL, or to the end if there is none. */
function terminated(table: Uint8Array, offset: number): Uint8Array {
  const end = nulFrom(table, offset);
  return table.subarray(offset, end === -1 ? table.length : end);
}
