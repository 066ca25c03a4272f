import { readFileSync } from "node:fs";

/** Node has put this in place of bytes that are no UTF-8; the linker would be given another name than rustc meant. */
const REPLACEMENT = "\u{fffd}";

function rawCommandLine(): Buffer | undefined {
  try {
    return readFileSync("/proc/self/cmdline");
  } catch {
    return undefined; // No Linux.
  }
}

/** Bytes as text for a message: those outside ASCII's printable range as \xNN. */
function escaped(bytes: Uint8Array): string {
  const text = (byte: number): string =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  return Array.from(bytes, text).join("");
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The first of the process's own arguments that is no UTF-8, as text for a message; undefined if all are. */
export function argumentNotUtf8(args: readonly string[]): string | undefined {
  const suspect = args.findIndex((arg) => arg.includes(REPLACEMENT));
  if (suspect === -1) return undefined;
  const line = rawCommandLine();
  if (line === undefined) return args[suspect];
  const words: Buffer[] = [];
  for (let at = 0; at < line.length; ) {
    const end = line.indexOf(0, at);
    const next = end === -1 ? line.length : end;
    words.push(line.subarray(at, next));
    at = next + 1;
  }
  // Node's own arguments stand before those of the program.
  const bad = words.slice(-args.length).find((word) => !isUtf8(word));
  return bad === undefined ? undefined : escaped(bad);
}
