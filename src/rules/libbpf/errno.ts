import type { LibbpfVersion } from "./sanitise.ts";

/** Errnos that BPF_BTF_LOAD and BPF_MAP_CREATE return: their names, which libbpf prints from 1.6 on, and the C library's words. */
const ERRNOS: Readonly<Record<number, readonly [name: string, words: string]>> = {
  1: ["EPERM", "Operation not permitted"],
  2: ["ENOENT", "No such file or directory"],
  7: ["E2BIG", "Argument list too long"],
  12: ["ENOMEM", "Cannot allocate memory"],
  13: ["EACCES", "Permission denied"],
  14: ["EFAULT", "Bad address"],
  17: ["EEXIST", "File exists"],
  22: ["EINVAL", "Invalid argument"],
  28: ["ENOSPC", "No space left on device"],
  40: ["ELOOP", "Too many levels of symbolic links"],
  95: ["EOPNOTSUPP", "Operation not supported"],
  524: ["ENOTSUPP", "ERROR: strerror_r(-524)=22"],
};

/** "-EINVAL" (`errstr`); a number where libbpf has no name. */
export function errnoName(errno: number): string {
  return `-${ERRNOS[errno]?.[0] ?? errno}`;
}

/** An errno as a version of libbpf prints it: "-EINVAL", "Invalid argument(-22)". */
export function errnoText(errno: number, version: LibbpfVersion): string {
  return version === "1.1" ? `${ERRNOS[errno]?.[1] ?? "…"}(-${errno})` : errnoName(errno);
}
