/** A file of an initramfs; a folder has no bytes. */
export interface ArchiveFile {
  readonly path: string;
  readonly bytes?: Uint8Array;
}

const FOLDER = 0o040755;
const PROGRAM = 0o100755;

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}

function entry({ path, bytes }: ArchiveFile, inode: number): Buffer {
  const mode = bytes === undefined && path !== "TRAILER!!!" ? FOLDER : PROGRAM;
  const name = Buffer.from(`${path}\0`);
  // inode, mode, owner, group, links, time, size, device and special device (two numbers each), length of the name, checksum.
  const fields = [inode, mode, 0, 0, 1, 0, bytes?.length ?? 0, 0, 0, 0, 0, name.length, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(head), name])), padded(Buffer.from(bytes ?? []))]);
}

/** An initramfs in cpio's format "newc" (Documentation/driver-api/early-userspace/buffer-format.rst), everything executable by root. */
export function initramfs(files: readonly ArchiveFile[]): Buffer {
  return Buffer.concat(
    [...files, { path: "TRAILER!!!", bytes: new Uint8Array() }].map((file, i) => entry(file, i + 1)),
  );
}
