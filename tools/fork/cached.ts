import { createHash, randomUUID } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { PROJECT } from "../corpus/toolchain.ts";
import { cacheRoot } from "../judges/cache.ts";

/** A file that a build makes of sources and tools, and of nothing else. */
export interface CachedFile {
  /** File name in the cache. */
  readonly name: string;
  /** Sources, relative to the repository; of folders all that is in them. */
  readonly sources: readonly string[];
  /** Versions of tools, and whatever else the result depends on. */
  readonly versions: readonly string[];
  /** Makes it, and returns where it lies. */
  build(): string;
}

function* filesBelow(path: string): Generator<string> {
  const own = join(PROJECT, path);
  if (!statSync(own).isDirectory()) {
    yield path;
    return;
  }
  for (const entry of readdirSync(own).sort()) yield* filesBelow(join(path, entry));
}

/** Path of the file in `~/.cache/btf-fix/fork/`, built unless it was built before from the same content. */
export function cachedFile({ name, sources, versions, build }: CachedFile): string {
  const hash = createHash("sha256").update(JSON.stringify(versions));
  for (const file of sources.flatMap((source) => [...filesBelow(source)])) {
    hash.update(`\0${file}\0`).update(readFileSync(join(PROJECT, file)));
  }
  const cached = join(cacheRoot(), "fork", hash.digest("hex").slice(0, 16), name);
  if (existsSync(cached)) return cached;
  const built = build();
  mkdirSync(dirname(cached), { recursive: true });
  // Renamed into place, since a test that runs beside this must never start half a program.
  const fresh = `${cached}.${randomUUID()}`;
  copyFileSync(built, fresh);
  renameSync(fresh, cached);
  return cached;
}
