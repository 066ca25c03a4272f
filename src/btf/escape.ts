import { sipHash13 } from "./siphash.ts";

/** Longest name in bytes that every supported kernel takes (KSYM_NAME_LEN before 6.1), and where bpf-linker cuts longer ones. */
export const MAX_NAME_LENGTH = 128;
const CUT_LENGTH = 111;

const encoder = new TextEncoder();

/** 1 for the bytes that stay as they are: ASCII letters, digits and the underscore. */
const WORD_BYTES = new Uint8Array(256).fill(1, 0x30, 0x3a).fill(1, 0x41, 0x5b).fill(1, 0x5f, 0x60).fill(1, 0x61, 0x7b);

function isWordByte(byte: number): boolean {
  return WORD_BYTES[byte] === 1;
}

/** Whether a name needs no repair: `[A-Za-z_][A-Za-z0-9_]*`, at most 128 bytes. */
export function isPortableName(name: Uint8Array): boolean {
  const first = name[0];
  if (first === undefined || name.length > MAX_NAME_LENGTH || (first >= 0x30 && first <= 0x39)) return false;
  // Every name of an object comes by here, several times: no call for each byte.
  for (let i = 0; i < name.length; i++) if (WORD_BYTES[name[i] ?? 0] === 0) return false;
  return true;
}

/** Whether the name at the offset of a string table is there and needs no repair; for who looks at very many, and wants no object for each. */
export function isPortableNameAt(strings: Uint8Array, offset: number): boolean {
  const first = strings[offset] ?? 0;
  if (first >= 0x30 && first <= 0x39) return false;
  const end = Math.min(strings.length, offset + MAX_NAME_LENGTH + 1);
  let at = offset;
  while (at < end && WORD_BYTES[strings[at] ?? 0] === 1) at++;
  return at > offset && at < end && strings[at] === 0;
}

/**
 * A name as bpf-linker writes it: every byte outside `[A-Za-z0-9_]` becomes `_`, its upper-case hexadecimal without padding, `_`;
 * what is then longer than 128 bytes is cut to 111 and ends in `_` and the SipHash-1-3 of the uncut text.
 *
 * A leading digit, which bpf-linker leaves and the kernel refuses, gets a `_` in front. Idempotent; equal names stay equal.
 * Source: bpf-linker `src/llvm/di.rs`.
 */
export function escapeName(name: Uint8Array): Uint8Array {
  if (isPortableName(name)) return name;
  let text = "";
  for (const byte of name) {
    text += isWordByte(byte) ? String.fromCharCode(byte) : `_${byte.toString(16).toUpperCase()}_`;
  }
  if (/^[0-9]/.test(text)) text = `_${text}`;
  if (text.length > MAX_NAME_LENGTH)
    text = `${text.slice(0, CUT_LENGTH)}_${sipHash13(encoder.encode(text)).toString(16)}`;
  return encoder.encode(text);
}

const decoder = new TextDecoder("utf-8");

const UNDERSCORE = 0x5f;
const ESCAPE = /^_([0-9A-F]{1,2})_/;

/** What a name that was cut looks like; one that merely looks so loses nothing. */
const CUT_NAME = new RegExp(`^.{${CUT_LENGTH}}_[0-9a-f]{1,16}$`);

/**
 * A name as the source has it, for people: undoes `escapeName` where that is certain (escaping the result gives the input again),
 * and leaves every other name as it is. `HashMap_3C_u32_2C__20_u32_3E_` → `HashMap<u32, u32>`.
 */
export function unescapeName(name: string): string {
  // Longer ones were cut, and what was cut cannot be undone.
  if (name.length > MAX_NAME_LENGTH || !/_[0-9A-F]{1,2}_/.test(name)) return name;
  // An escape that was cut in two goes on with the underscore of the hash: `option_3` of `option_3A_`, then `_5ac0b3d4…`.
  const end = CUT_NAME.test(name) ? CUT_LENGTH : name.length;
  const bytes: number[] = [];
  for (let at = 0; at < name.length; ) {
    const byte = name.charCodeAt(at);
    // What is not ASCII has not been escaped.
    if (byte > 0x7f) return name;
    const match = byte === UNDERSCORE && at < end ? ESCAPE.exec(name.slice(at, Math.min(at + 4, end))) : null;
    const code = match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
    const isEscape = match !== null && code !== undefined && !isWordByte(code);
    bytes.push(isEscape ? code : byte);
    at += isEscape ? match[0].length : 1;
  }
  // By way of the text, so that bytes which are no UTF-8 do not come out as U+FFFD.
  const source = decoder.decode(new Uint8Array(bytes));
  return decoder.decode(escapeName(encoder.encode(source))) === name ? source : name;
}
