import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { EM_BPF } from "../elf/model.ts";
import { ioError } from "./io-error.ts";

/** Bytes of an ELF header up to and with `e_machine`. */
const UP_TO_MACHINE = 20;

/** Whether a file begins as a 64-bit ELF file for BPF does, in either byte order. */
export function beginsAsObject(bytes: Uint8Array): boolean {
  if (bytes.length < UP_TO_MACHINE) return false;
  const [a, b, c, d, bits, order] = bytes;
  if (a !== 0x7f || b !== 0x45 || c !== 0x4c || d !== 0x46 || bits !== 2) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint16(UP_TO_MACHINE - 2, order !== 2) === EM_BPF;
}

/** Whether the path leads to a file with a BPF object in it; false for what cannot be read. */
function isObject(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    const fd = openSync(path, "r");
    try {
      const head = new Uint8Array(UP_TO_MACHINE);
      return readSync(fd, head) === head.length && beginsAsObject(head);
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

function* walk(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    // A link to a folder may lead back here; one to a file leads to an object like any other.
    if (entry.isDirectory()) yield* walk(path);
    else if (isObject(path)) yield path;
  }
}

/**
 * The BPF objects in a folder and those below it, in the order of their names, each found when it is asked for; undefined if the path is
 * no folder.
 *
 * @throws BtfFixError IO for a folder that cannot be read
 */
export function objectsIn(path: string): Iterable<string> | undefined {
  if (path === "-" || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  return (function* () {
    try {
      yield* walk(path);
    } catch (error) {
      throw ioError(`read the folder ${path}`, error);
    }
  })();
}
