import { lstatSync, readdirSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What is known of the other names (hard links) of a file. */
export interface OtherNames {
  readonly found: readonly string[];
  /** Names that exist, by the link count, but lie elsewhere. */
  readonly missing: number;
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // No such folder, or not ours to read: its names count as missing.
  }
}

function isSameFile(path: string, file: Stats): boolean {
  try {
    const stat = lstatSync(path);
    return stat.dev === file.dev && stat.ino === file.ino;
  } catch {
    return false; // Gone since the folder was listed.
  }
}

/**
 * Finds the names that share an inode with `path` where cargo puts them: `target/<triple>/release/prog` is a hard link to
 * `deps/prog-<hash>` beside it, and the next fresh `cargo build` links that name back over the first.
 *
 * @param path a name of the file, symbolic links already followed
 * @param file its `lstat`
 */
export function otherNames(path: string, file: Stats): OtherNames {
  if (file.nlink <= 1) return { found: [], missing: 0 };
  const folder = dirname(path);
  const folders = [folder, join(folder, "deps")];
  if (basename(folder) === "deps") folders.push(dirname(folder));
  const found: string[] = [];
  for (const place of folders) {
    for (const name of entries(place)) {
      const candidate = join(place, name);
      if (candidate !== path && isSameFile(candidate, file)) found.push(candidate);
    }
  }
  return { found: found.sort(), missing: Math.max(0, file.nlink - 1 - found.length) };
}
