import { nulFrom } from "../bytes/nul.ts";
import type { Btf, StringTable } from "./model.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes of the string at `offset` without its NUL; undefined if the offset lies past the table or no NUL follows. */
export function stringBytes(strings: StringTable, offset: number): Uint8Array | undefined {
  if (offset >= strings.bytes.length) return undefined;
  const end = nulFrom(strings.bytes, offset);
  return end < 0 ? undefined : strings.bytes.subarray(offset, end);
}

/** The bytes of a name of `btf`, from its base where the offset lies there. */
export function nameBytes(btf: Btf, offset: number): Uint8Array | undefined {
  if (btf.base === undefined) return stringBytes(btf.strings, offset);
  const baseLength = stringLength(btf.base);
  return offset < baseLength ? nameBytes(btf.base, offset) : stringBytes(btf.strings, offset - baseLength);
}

/** Whether an empty string stands at an offset. */
export function isEmptyName(btf: Btf, offset: number): boolean {
  const baseLength = btf.base === undefined ? 0 : stringLength(btf.base);
  if (btf.base !== undefined && offset < baseLength) return isEmptyName(btf.base, offset);
  return btf.strings.bytes[offset - baseLength] === 0;
}

/** Longest name, in bytes, that is read in full: thousands of names may share the end of the same megabyte. */
const MAX_READ = 4096;

/**
 * A name for people: UTF-8 with U+FFFD for what is not, "" for offset 0 and for offsets that name nothing. What is longer than 4 KiB is cut,
 * and says where it stands, so that it is no other's.
 */
export function nameText(btf: Btf, offset: number): string {
  const bytes = offset === 0 ? undefined : nameBytes(btf, offset);
  if (bytes === undefined) return "";
  return bytes.length > MAX_READ
    ? `${decoder.decode(bytes.subarray(0, MAX_READ))}… at ${offset}`
    : decoder.decode(bytes);
}

/** Longest name, in bytes, that a message shows in full; the kernel takes none of more than 512. */
const MAX_SHOWN = 640;

/** A name in a message: that of `nameText`, cut where it is absurdly long, since thousands of findings may show the same megabyte. */
export function shownName(btf: Btf, offset: number): string {
  const bytes = offset === 0 ? undefined : nameBytes(btf, offset);
  if (bytes === undefined) return "";
  return bytes.length > MAX_SHOWN ? `${decoder.decode(bytes.subarray(0, MAX_SHOWN))}…` : decoder.decode(bytes);
}

/** Length of the string table with all its bases. */
export function stringLength(btf: Btf): number {
  return btf.strings.bytes.length + (btf.base === undefined ? 0 : stringLength(btf.base));
}
