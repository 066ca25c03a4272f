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

/** Whether no more than KSYM_NAME_LEN characters stand at the offset, and each is fit for its place. */
function isMadeOf(subject: Subject, offset: number, fits: (byte: number, first: boolean) => boolean): boolean {
  const limit = subject.profile.nameLength;
  if (!fits(subject.char(offset), true)) return false;
  for (let length = 1; length < limit; length++) {
    const byte = subject.char(offset + length);
    if (byte === 0) return true;
    if (!fits(byte, false)) return false;
  }
  return subject.char(offset + limit) === 0;
}

const fitsIdentifier = (byte: number, first: boolean): boolean =>
  isLetter(byte) || byte === 0x5f || byte === 0x2e || (!first && isDigit(byte));

/** `btf_name_valid_identifier`: letters, digits, `_` and `.`, and no digit first. */
export function isIdentifier(subject: Subject, offset: number): boolean {
  return isMadeOf(subject, offset, fitsIdentifier);
}

/** `btf_name_valid_section`. */
export function isSectionName(subject: Subject, offset: number): boolean {
  return isMadeOf(subject, offset, subject.profile.printableSections ? isPrintable : fitsIdentifier);
}

/** What a STRUCT, UNION, ENUM or member may be called. */
export function isAnonymousOrIdentifier(subject: Subject, offset: number): boolean {
  return offset === 0 || isIdentifier(subject, offset);
}

/** What a FWD, TYPEDEF, FUNC, VAR or enumerator must be called. */
export function isNamedIdentifier(subject: Subject, offset: number): boolean {
  return offset !== 0 && isIdentifier(subject, offset);
}
