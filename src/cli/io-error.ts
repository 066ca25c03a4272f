import { BtfFixError } from "../errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOSPC: "no space left on the device",
  EROFS: "read-only file system",
  EISDIR: "is a directory",
  ENOTDIR: "a part of the path is not a directory",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many open files",
  EIO: "the device reports a fault",
  EDQUOT: "disk quota exceeded",
};

/** The system's code ("ENOENT") of an error that a file operation threw; undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What a failed file operation becomes: `cannot write x: no space left on the device`. Errors of another kind come back as they are. */
export function ioError(action: string, error: unknown): unknown {
  const code = systemCode(error);
  if (error instanceof BtfFixError || code === undefined) return error;
  return new BtfFixError("IO", `cannot ${action}: ${REASONS[code] ?? code}`, undefined, error);
}
