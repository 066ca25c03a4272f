import { escapeName } from "../btf/escape.ts";
import type { Btf } from "../btf/model.ts";
import { nameBytes } from "../btf/names.ts";

/** Every byte is one character of this encoding, so that byte strings can be compared as text. */
const bytewise = new TextDecoder("latin1");

/** One side of a comparison: its blob at this moment (the lowered one grows) and its names. */
export interface Side {
  btf(): Btf;
  /** Escaped form of the name at a string offset: equal for a name and for what bpf-linker makes of it. */
  name(nameOff: number): string;
}

/** A name as bpf-linker would escape it, as text. */
export function comparableName(bytes: Uint8Array): string {
  return bytewise.decode(escapeName(bytes));
}

/** A side over a blob that may grow at its end; string offsets keep their meaning. */
export function sideOf(btf: () => Btf): Side {
  const names = new Map<number, string>();
  return {
    btf,
    name(nameOff: number): string {
      if (nameOff === 0) return "";
      const known = names.get(nameOff);
      if (known !== undefined) return known;
      const bytes = nameBytes(btf(), nameOff);
      const name = bytes === undefined || bytes.length === 0 ? "" : comparableName(bytes);
      names.set(nameOff, name);
      return name;
    },
  };
}
