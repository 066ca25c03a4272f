import type { Btf, StringTable } from "./model.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes of the string at `offset` without its NUL; undefined if the offset lies past the table or no NUL follows. */
export function stringBytes(strings: StringTable, offset: number): Uint8Array | undefined {
  if (offset >= strings.bytes.length) return undefined;
  const end = strings.bytes.indexOf(0, offset);
  return end < 0 ? undefined : strings.bytes.subarray(offset, end);
}

/** The bytes of a name of `btf`, from its base where the offset lies there. */
export function nameBytes(btf: Btf, offset: number): Uint8Array | undefined {
  if (btf.base === undefined) return stringBytes(btf.strings, offset);
  const baseLength = stringLength(btf.base);
  return offset < baseLength ? nameBytes(btf.base, offset) : stringBytes(btf.strings, offset - baseLength);
}

/** A name for people: UTF-8 with U+FFFD for what is not, "" for offset 0 and for offsets that name nothing. */
export function nameText(btf: Btf, offset: number): string {
  if (offset === 0) return "";
  const bytes = nameBytes(btf, offset);
  return bytes === undefined ? "" : decoder.decode(bytes);
}

/** Length of the string table with all its bases. */
export function stringLength(btf: Btf): number {
  return btf.strings.bytes.length + (btf.base === undefined ? 0 : stringLength(btf.base));
}
