import { watch } from "chokidar";
import { ioError } from "./io-error.ts";

/** Folders of build tools that change all the time and hold no object for a loader. */
const IGNORED = new Set(["node_modules", "incremental"]);

/** A linker writes its output in pieces: a file counts once it has kept its size for so long, in milliseconds. */
const SETTLED = { stabilityThreshold: 150, pollInterval: 50 };

function isIgnored(path: string, root: string): boolean {
  if (path === root) return false;
  const name = path.slice(path.lastIndexOf("/") + 1);
  // Hidden ones too: `.git`, `.fingerprint`, and the temporary files of `write-atomic.ts`.
  return name.startsWith(".") || IGNORED.has(name);
}

/**
 * Calls back with each file that lies in the folders, and again whenever one is new or written anew. Symbolic links are not followed, so
 * that a link to a folder above ends nowhere. Runs until the process ends or the signal says so.
 *
 * @throws BtfFixError IO for a folder that cannot be watched, as when the system's watches are used up
 */
export function watchFolders(
  folders: readonly string[],
  changed: (path: string) => void,
  until?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const watchers = folders.map((folder) =>
      watch(folder, {
        ignored: (path) => isIgnored(path, folder),
        followSymlinks: false,
        awaitWriteFinish: SETTLED,
      })
        .on("add", changed)
        .on("change", changed)
        .on("error", (error) => reject(ioError(`watch ${folder}`, error))),
    );
    until?.addEventListener("abort", () => {
      Promise.all(watchers.map((watcher) => watcher.close())).then(() => resolve(), reject);
    });
  });
}
