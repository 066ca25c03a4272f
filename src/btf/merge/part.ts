import { BtfFixError } from "../../errors.ts";
import type { ExtMoves } from "../ext-ids.ts";
import type { BtfExt } from "../ext-model.ts";
import type { Btf } from "../model.ts";

/** One of the blobs that a linker put one after the other. */
export interface BtfPart {
  readonly btf: Btf;
  readonly ext?: BtfExt;
  /**
   * How many bytes of the joined section of this name come before this blob's piece. Offsets of variables and instructions move
   * by as much; GNU ld leaves them as they were (its relocations name the place, but loaders read the word). 0 if absent.
   */
  readonly sectionStart?: (section: string) => number;
}

/** A part, and what its ids and names become. */
export interface MovedPart extends ExtMoves {
  readonly part: BtfPart;
  /** Bytes before its piece of the section of this name. */
  readonly sectionStart: (section: string) => number;
}

/** Refuses parts that cannot be one blob: none, of both byte orders, split BTF, or with kinds whose references nobody knows. */
export function checkParts(parts: readonly BtfPart[]): void {
  const [first] = parts;
  if (first === undefined) refuse("there is no blob to merge");
  for (const { btf, ext } of parts) {
    const orders = [btf.littleEndian, ext?.littleEndian ?? btf.littleEndian];
    if (orders.some((order) => order !== first.btf.littleEndian)) refuse("the blobs have different byte orders");
    if (btf.base !== undefined) refuse("split BTF cannot be merged without its base");
    const unknown = btf.types.find((type) => type.kind === "unknown");
    if (unknown?.kind === "unknown")
      refuse(`kind ${unknown.kindNumber} cannot be merged: its references are not known`);
  }
}

function refuse(why: string): never {
  throw new BtfFixError("REFUSED", why);
}
