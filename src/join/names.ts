import { withoutC } from "../btf/c-names.ts";
import { escapeName, unescapeName } from "../btf/escape.ts";
import type { Btf } from "../btf/model.ts";
import { nameBytes, stringLength } from "../btf/names.ts";
import { withoutHash } from "../btf/short-name.ts";

/** Every byte is one character of this encoding, so that byte strings can be compared as text. */
const bytewise = new TextDecoder("latin1");

/** One side of a comparison: its blob at this moment (the lowered one grows) and its names. */
export interface Side {
  btf(): Btf;
  /** Escaped form of the name at a string offset: equal for a name and for what bpf-linker makes of it. */
  name(nameOff: number): string;
}

/** A name as bpf-linker would escape it, as text; C's name of a scalar is Rust's. */
export function comparableName(bytes: Uint8Array): string {
  return withoutC(bytewise.decode(escapeName(bytes)));
}

/** Which names are equal: those that escaping makes the same, or those of one short form as well. */
export type Naming = "escape" | "short";

/** Bytes of names per byte of string table that are escaped before names are taken as unequal: offsets may overlap without end. */
const MAX_NAME_SHARE = 8;

/** A side over a blob that may grow at its end; string offsets keep their meaning. */
export function sideOf(btf: () => Btf, naming: Naming = "escape"): Side {
  const names = new Map<number, string>();
  let escapedBytes = 0;
  const read = (nameOff: number): string => {
    const blob = btf();
    const bytes = nameBytes(blob, nameOff);
    if (bytes === undefined || bytes.length === 0) return "";
    escapedBytes += bytes.length;
    if (escapedBytes > MAX_NAME_SHARE * stringLength(blob)) return `\0${nameOff}`;
    const name = comparableName(bytes);
    return naming === "short" ? withoutHash(unescapeName(name)) : name;
  };
  return {
    btf,
    name(nameOff: number): string {
      if (nameOff === 0) return "";
      const known = names.get(nameOff) ?? read(nameOff);
      names.set(nameOff, known);
      return known;
    },
  };
}
