import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { BtfFixError } from "../errors.ts";
import type { ReplacedFile, ReplaceRequest } from "./host.ts";
import { ioError, systemCode } from "./io-error.ts";
import { otherNames } from "./other-names.ts";

const LINKS_FOLLOWED = 40; // As Linux does (MAXSYMLINKS).
const NAMES_TRIED = 100;

function statOf(path: string, stat: (path: string) => Stats): Stats | undefined {
  try {
    return stat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The file that a path means once symbolic links in its last part are followed; it need not exist. */
function followLinks(path: string): string {
  let current = path;
  for (let i = 0; i < LINKS_FOLLOWED; i++) {
    if (!statOf(current, lstatSync)?.isSymbolicLink()) return current;
    // A relative link counts from the folder that it really lies in.
    current = resolve(realpathSync(dirname(current)), readlinkSync(current));
  }
  throw new BtfFixError("IO", `cannot write ${path}: too many symbolic links`);
}

/** Makes a name that did not exist, hidden and beside the target, by `make`, which must fail with EEXIST on an existing one. */
function besideTarget(target: string, make: (name: string) => void): string {
  for (let i = 0; i < NAMES_TRIED; i++) {
    // The target's own name may be as long as names can be.
    const name = join(dirname(target), `.${basename(target).slice(0, 40)}.${process.pid}-${i}.tmp`);
    try {
      make(name);
      return name;
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }
  throw new BtfFixError("IO", `cannot write ${target}: its folder is full of temporary files`);
}

/** Content, mode and owner into a new file, and onto the disk. */
function fill(fd: number, bytes: Uint8Array, mode: number | undefined, owner: Stats | undefined): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  if (owner !== undefined && (owner.uid !== process.getuid?.() || owner.gid !== process.getgid?.())) {
    try {
      fchownSync(fd, owner.uid, owner.gid);
    } catch (error) {
      if (systemCode(error) !== "EPERM") throw error; // Only root may give a file away.
    }
  }
  // After the owner: chown clears set-user-id bits. Past the umask, which open() applies.
  if (mode !== undefined) fchmodSync(fd, mode);
  fsyncSync(fd);
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Already renamed or gone: nothing is left behind.
  }
}

function isSameFile(a: Stats | undefined, b: Stats | undefined): boolean {
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

function replace(request: ReplaceRequest): ReplacedFile {
  const target = followLinks(request.path);
  const existing = statOf(target, statSync);
  if (existing?.isDirectory()) throw new BtfFixError("IO", `cannot write ${request.path}: it is a directory`);
  if (existing !== undefined && !existing.isFile()) {
    writeFileSync(target, request.bytes); // A device or a pipe: replacing it would not reach who listens.
    return { alsoReplaced: [], leftBehind: 0 };
  }
  const source = request.source === undefined ? undefined : statOf(request.source, statSync);
  const inPlace = existing !== undefined && isSameFile(existing, source) ? existing : undefined;
  const others = inPlace === undefined ? { found: [], missing: 0 } : otherNames(target, inPlace);

  // First everything that can fail for want of room or rights, then the renames.
  const made: { readonly temporary: string; readonly name: string }[] = [];
  try {
    let fd = -1;
    const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
    const temporary = besideTarget(target, (name) => {
      fd = openSync(name, create, request.mode === undefined ? 0o666 : 0o600);
    });
    made.push({ temporary, name: target });
    try {
      fill(fd, request.bytes, inPlace === undefined ? request.mode : inPlace.mode & 0o7777, inPlace);
    } finally {
      closeSync(fd);
    }
    // The other names stay links of one file.
    for (const name of others.found) {
      made.push({ temporary: besideTarget(name, (link) => linkSync(temporary, link)), name });
    }
    for (const { temporary: from, name } of made) renameSync(from, name);
  } catch (error) {
    for (const { temporary } of made) removeQuietly(temporary);
    throw error;
  }
  return { alsoReplaced: others.found, leftBehind: others.missing };
}

/**
 * Replaces a file in one step: a temporary file beside it is written, synced and renamed over it. Symbolic links are followed, so the
 * link stays and its target changes. If the target is the very file that was read, its mode, owner and other names (hard links) are
 * kept in step. All of it is synchronous: a signal is seen before or after, never between.
 *
 * @throws BtfFixError IO; no temporary file is left and the target is as it was.
 */
export function replaceFile(request: ReplaceRequest): ReplacedFile {
  try {
    return replace(request);
  } catch (error) {
    throw ioError(`write ${request.path}`, error);
  }
}
