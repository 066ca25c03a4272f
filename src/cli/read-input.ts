import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { BtfFixError } from "../errors.ts";
import type { InputFile } from "./host.ts";
import { ioError, systemCode } from "./io-error.ts";
import { pause } from "./pause.ts";

/** Larger than any BPF object or kernel BTF; a bound, so that a device that never ends cannot fill the memory. In bytes. */
export const INPUT_LIMIT: number = 256 * 1024 * 1024;

/** Bytes asked for at a time where the length is not known beforehand. */
const CHUNK = 64 * 1024;

function tooLarge(): never {
  throw new BtfFixError("LIMIT_EXCEEDED", `the file is larger than ${INPUT_LIMIT / 1024 / 1024} MiB`);
}

function readSome(fd: number, into: Uint8Array, at: number): number {
  for (;;) {
    try {
      return readSync(fd, into, at, into.length - at, null);
    } catch (error) {
      const code = systemCode(error);
      if (code === "EOF") return 0;
      // A pipe that its other end made non-blocking.
      if (code !== "EAGAIN") throw error;
      pause(5);
    }
  }
}

/** Reads to the end; `expected` bytes are likely, but the file may grow, shrink or be a pipe. */
function readAll(fd: number, expected: number): Uint8Array {
  // One byte more than expected: the end is then seen without a second buffer.
  let buffer = new Uint8Array(expected > 0 ? expected + 1 : CHUNK);
  let used = 0;
  for (;;) {
    const count = readSome(fd, buffer, used);
    if (count === 0) return buffer.subarray(0, used);
    used += count;
    if (used > INPUT_LIMIT) tooLarge();
    if (used < buffer.length) continue;
    const larger = new Uint8Array(Math.min(buffer.length * 2, INPUT_LIMIT + 1));
    larger.set(buffer);
    buffer = larger;
  }
}

function readDescriptor(fd: number): InputFile {
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw new BtfFixError("ELF_NOT_ELF", "is a directory, not an object");
  if (stat.size > INPUT_LIMIT) tooLarge();
  return { bytes: readAll(fd, stat.isFile() ? stat.size : 0), mode: stat.mode & 0o777 };
}

/**
 * The whole content of a file, or of standard input for "-".
 * @throws BtfFixError IO, ELF_NOT_ELF for a directory, LIMIT_EXCEEDED past `INPUT_LIMIT`.
 */
export function readInput(path: string): InputFile {
  try {
    if (path === "-") return { bytes: readDescriptor(0).bytes, mode: undefined };
    const fd = openSync(path, constants.O_RDONLY);
    try {
      return readDescriptor(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw ioError("read the input", error);
  }
}
