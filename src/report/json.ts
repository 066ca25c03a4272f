import type { CheckResult, FixResult, PlannedChange, Verdicts } from "../api.ts";
import type { BtfFixError } from "../errors.ts";
import type { Diagnostic } from "../rules/rule.ts";

/** Number of the report format; raised when a field changes its meaning. The format is `schema/report.schema.json`. */
export const REPORT_VERSION = 1;

/** A file that was judged. */
export interface CheckedFile {
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly verdicts: Verdicts;
}

/** A file that was repaired: where to, what was done, what was found. */
export interface FixedFile {
  readonly file: string;
  /** "-" for standard output; null when nothing was written, since the file was already fine in place. */
  readonly output: string | null;
  readonly changed: boolean;
  readonly plan: readonly PlannedChange[];
  readonly summary: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** On the result. */
  readonly verdicts: Verdicts;
}

/** A file of which no model can be built, or that was refused. */
export interface FailedFile {
  readonly file: string;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly section: string | null;
    /** Bytes from the start of the section, or of the file where `section` is null. */
    readonly offset: number | null;
  };
  /** What the judges say of it, where they could be asked. */
  readonly diagnostics?: readonly Diagnostic[];
  /** Null for an object that was refused: it can be read, and its BTF was not judged. */
  readonly verdicts: Verdicts | { readonly kernel: { readonly accepted: false | null } };
}

export type ReportedFile = CheckedFile | FixedFile | FailedFile;

/** One entry for a checked file. */
export function checkedFile(file: string, result: CheckResult): CheckedFile {
  return { file, diagnostics: result.diagnostics, verdicts: result.verdicts };
}

/** One entry for a repaired file. */
export function fixedFile(file: string, output: string | null, result: FixResult): FixedFile {
  const { changed, plan, summary, diagnostics, verdicts } = result;
  return { file, output, changed, plan, summary, diagnostics, verdicts };
}

/** One entry for a file that could not be used; `result` is what the judges say of it. */
export function failedFile(file: string, error: BtfFixError, result?: CheckResult): FailedFile {
  const { code, message, span } = error;
  return {
    file,
    error: { code, message, section: span?.section ?? null, offset: span?.offset ?? null },
    ...(result === undefined ? {} : { diagnostics: result.diagnostics }),
    verdicts: result?.verdicts ?? {
      kernel: { accepted: code === "REFUSED" || code === "VERIFY_FAILED" ? null : false },
    },
  };
}

/** JSON on one line. A 64-bit value beyond 2^53 is written as a string, since JSON readers would round it. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field !== "bigint") return field;
    return Number.isSafeInteger(Number(field)) ? Number(field) : String(field);
  })}\n`;
}

/** The report of a run over several files. */
export function reportJson(files: readonly ReportedFile[]): string {
  return jsonLine({ version: REPORT_VERSION, files });
}

/** The same report piece by piece, for runs over more files than anyone wants to hold. */
export interface ReportPieces {
  /** What comes before the entries, and after the last. */
  readonly head: string;
  readonly tail: string;
  entry(file: ReportedFile): string;
}

/** The pieces of one report, on one line like the whole. */
export function reportPieces(): ReportPieces {
  let separator = "";
  return {
    head: `{"version":${REPORT_VERSION},"files":[`,
    tail: "]}\n",
    entry(file) {
      const piece = separator + jsonLine(file).trimEnd();
      separator = ",";
      return piece;
    },
  };
}
