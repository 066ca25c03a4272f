/** A type as far as the two witnesses must agree on it: written out as text, without ids, references to a limited depth. */
export interface Member {
  /** Null for an anonymous one. */
  readonly name: string | null;
  /** Offset from the start of the record, in bits. */
  readonly bitOffset: number;
  readonly shape: string;
}

/** Levels of members that are written out. */
export const DEPTH = 4;

/** Member that tells the variants of an enum apart: it has no name of its own in DWARF, and no kernel cares what it is called. */
export const TAG = "tag";

/** Where bpf-linker cuts a name of more than 128 characters, to end it with a hash. */
const CUT = 111;

/** A name as bpf-linker escapes it, long ones without their end and its hash; what is already escaped stays. */
export function escaped(name: string): string {
  const whole = name.replace(/[^A-Za-z0-9_]/gu, (character) =>
    Array.from(Buffer.from(character), (byte) => `_${byte.toString(16).toUpperCase()}_`).join(""),
  );
  return whole.length > 128 || /^.{111}_[0-9a-f]{1,16}$/.test(whole) ? whole.slice(0, CUT) : whole;
}

/** `name/size`, and for a record its members by offset: rustc lists them in source order, repaired BTF by offset. */
export function shapeText(name: string | null, size: number, members: readonly Member[] = []): string {
  const head = `${name === null ? "?" : escaped(name)}/${size}`;
  if (members.length === 0) return head;
  const parts = members.map(({ name, bitOffset, shape }) => ({
    bitOffset,
    text: `${bitOffset}:${name === null ? "" : escaped(name)} ${shape}`,
  }));
  parts.sort((a, b) => a.bitOffset - b.bitOffset || (a.text < b.text ? -1 : 1));
  return `${head}{${parts.map(({ text }) => text).join("; ")}}`;
}

export function arrayText(element: string, count: number): string {
  return `[${element}; ${count}]`;
}

export const POINTER = "pointer";
