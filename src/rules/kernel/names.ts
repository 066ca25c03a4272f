import { OLDEST } from "./profile.ts";
import type { Subject } from "./subject.ts";

/** The kernel's table of characters (lib/ctype.c) is Latin-1: letters with accents are letters. */
function isLetter(byte: number): boolean {
  if ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)) return true;
  return byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte <= 0x7e) || byte >= 0xa0;
}

/** By character: 1 where it may begin an identifier, 2 where it may only go on with one, 4 where it is printable. */
const CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const begins = isLetter(byte) || byte === 0x5f || byte === 0x2e;
  return (begins ? 1 : isDigit(byte) ? 2 : 0) + (isPrintable(byte) ? 4 : 0);
});

const BEGINS = 1;
const GOES_ON = 3;
const PRINTABLE = 4;

/** Whether no more than KSYM_NAME_LEN characters stand at the offset, the first of one class and the others of another. */
function isMadeOf(subject: Subject, offset: number, first: number, rest: number): boolean {
  const { bytes, stringsAt, stringsLength } = subject;
  const begin = stringsAt + offset;
  const end = stringsAt + stringsLength;
  const stop = Math.min(begin + subject.profile.nameLength, end);
  if (begin >= end || ((CLASSES[bytes[begin] ?? 0] ?? 0) & first) === 0) return false;
  let at = begin + 1;
  while (at < stop && ((CLASSES[bytes[at] ?? 0] ?? 0) & rest) !== 0) at++;
  // Of a shorter one all releases say the same.
  if (at - begin >= OLDEST.nameLength) subject.fact("nameLength");
  // What lies past the strings counts as 0.
  return at === end || bytes[at] === 0;
}

/** `btf_name_valid_identifier`: letters, digits, `_` and `.`, and no digit first. */
export function isIdentifier(subject: Subject, offset: number): boolean {
  return isMadeOf(subject, offset, BEGINS, GOES_ON);
}

/** `btf_name_valid_section`. */
export function isSectionName(subject: Subject, offset: number): boolean {
  return (
    isIdentifier(subject, offset) ||
    (isMadeOf(subject, offset, PRINTABLE, PRINTABLE) && subject.fact("printableSections"))
  );
}

/** What a STRUCT, UNION, ENUM or member may be called. */
export function isAnonymousOrIdentifier(subject: Subject, offset: number): boolean {
  return offset === 0 || isIdentifier(subject, offset);
}

/** What a FWD, TYPEDEF, FUNC, VAR or enumerator must be called. */
export function isNamedIdentifier(subject: Subject, offset: number): boolean {
  return offset !== 0 && isIdentifier(subject, offset);
}
