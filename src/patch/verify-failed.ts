import { BtfFixError } from "../errors.ts";

/** Ends a verification: `what` is wrong with a section of the patched file, or with the file as a whole. Error: VERIFY_FAILED. */
export function fail(what: string, section: string | undefined): never {
  const where = section === undefined ? "" : ` (${section})`;
  const span = section === undefined ? undefined : { section, offset: 0, length: 0 };
  throw new BtfFixError("VERIFY_FAILED", `the patched file failed its check${where}: ${what}`, span);
}

/** Reads something of the patched file; whatever is wrong with it is the patch's fault. */
export function reread<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BtfFixError)) throw error;
    throw new BtfFixError("VERIFY_FAILED", `the patched file is unreadable: ${error.message}`, error.span, error);
  }
}
