/** Where in the input a fault lies: bytes `offset … offset + length` of the named section, or of the file if none is named. */
export interface ByteSpan {
  readonly section: string | undefined;
  readonly offset: number;
  readonly length: number;
}

/** Stable names of everything that makes an input unusable or a request refused. */
export type BtfFixErrorCode =
  | "ELF_NOT_ELF"
  | "ELF_UNSUPPORTED"
  | "ELF_TRUNCATED"
  | "ELF_MALFORMED"
  | "BTF_MISSING"
  | "BTF_TRUNCATED"
  | "BTF_MALFORMED"
  | "BTF_EXT_TRUNCATED"
  | "BTF_EXT_MALFORMED"
  | "DWARF_UNSUPPORTED"
  | "DWARF_MALFORMED"
  | "LIMIT_EXCEEDED"
  | "REFUSED"
  | "VERIFY_FAILED"
  | "IO"
  | "USAGE";

/** The one error class of this library: no model of the input can be built, or the request was refused. */
export class BtfFixError extends Error {
  override readonly name = "BtfFixError";
  readonly code: BtfFixErrorCode;
  readonly span: ByteSpan | undefined;

  constructor(code: BtfFixErrorCode, message: string, span?: ByteSpan, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.span = span;
  }
}
