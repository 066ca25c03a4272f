import type { BtfFixErrorCode } from "../errors.ts";

/** What the process says to its caller. With several inputs the highest wins. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5;

/** Fixed or already fine, and the result passes. */
export const EXIT_PASS = 0;
/** Defects remain; the output was written and every repair in it is complete. */
export const EXIT_DEFECTS = 1;
export const EXIT_USAGE = 2;
/** The input is not a BPF object, or nothing in it can be read. */
export const EXIT_INPUT = 3;
/** The repair would change meaning, or its result did not stand up to being read again. */
export const EXIT_REFUSED = 4;
export const EXIT_IO = 5;

/** The one place where errors become exit codes. */
export const EXIT_OF_ERROR: Readonly<Record<BtfFixErrorCode, ExitCode>> = {
  ELF_NOT_ELF: EXIT_INPUT,
  ELF_UNSUPPORTED: EXIT_INPUT,
  ELF_TRUNCATED: EXIT_INPUT,
  ELF_MALFORMED: EXIT_INPUT,
  BTF_MISSING: EXIT_INPUT,
  BTF_TRUNCATED: EXIT_INPUT,
  BTF_MALFORMED: EXIT_INPUT,
  BTF_EXT_TRUNCATED: EXIT_INPUT,
  BTF_EXT_MALFORMED: EXIT_INPUT,
  DWARF_UNSUPPORTED: EXIT_INPUT,
  DWARF_MALFORMED: EXIT_INPUT,
  LIMIT_EXCEEDED: EXIT_INPUT,
  REFUSED: EXIT_REFUSED,
  VERIFY_FAILED: EXIT_REFUSED,
  IO: EXIT_IO,
  USAGE: EXIT_USAGE,
};

/** The worse of two outcomes. */
export function worse(a: ExitCode, b: ExitCode): ExitCode {
  return a > b ? a : b;
}
