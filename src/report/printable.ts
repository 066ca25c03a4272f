/** What plain text is made of; nearly every name is, and needs no second look. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * Characters that a terminal obeys or that change the reading order: C0, DEL, C1, zero-width and bidi controls, line and paragraph
 * separators, lone surrogates. Names in an object are untrusted bytes, so none of these may reach a terminal. Compiled when first
 * needed, since V8 looks all of Unicode through for it.
 */
let unprintable: RegExp | undefined;

/** `text` on one line and safe to print: each character a terminal would obey becomes `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  unprintable ??= /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** A byte offset as messages show it: `offset 0x40`. */
export function hexOffset(offset: number): string {
  return `offset 0x${offset.toString(16)}`;
}

/** "1 error", "2 errors": a count with its noun. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
