import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ayaPrograms, forkPrograms, mapKinds, morePrograms, standInMapKinds } from "./aya.ts";
import { cPrograms } from "./c.ts";
import { readProjectFile, rebuiltFolder, sha256, toolVersions } from "./manifest.ts";
import type { Group, Recipe } from "./recipe.ts";
import { linkedShapes, shapes } from "./shapes.ts";
import type { Toolchain } from "./toolchain.ts";

/** Every group of the corpus that this project builds. */
export function allGroups(): readonly Group[] {
  return [
    forkPrograms(),
    morePrograms(),
    mapKinds(),
    standInMapKinds(),
    ayaPrograms(),
    shapes(),
    linkedShapes(),
    cPrograms(),
  ];
}

/**
 * Builds a group into `corpus/.rebuilt/`. An object whose source, command and tools are those of the last rebuild is kept,
 * so a second run costs nothing. Returns how many were built.
 */
export function rebuildGroup(group: Group, toolchain: Toolchain): number {
  let built = 0;
  for (const recipe of group.recipes) {
    const object = join(rebuiltFolder(group), recipe.file);
    const keyFile = `${object}.key`;
    const key = contentKey(group, recipe, toolchain);
    if (existsSync(object) && existsSync(keyFile) && readFileSync(keyFile, "utf8") === key) continue;
    mkdirSync(dirname(object), { recursive: true });
    rmSync(keyFile, { force: true });
    // A build that is cut off must not leave half an object behind under the final name.
    const fresh = `${object}.${process.pid}.new`;
    recipe.build(toolchain, fresh);
    renameSync(fresh, object);
    writeFileSync(keyFile, key);
    built++;
  }
  return built;
}

/** Digest of everything that decides what a recipe gives. */
function contentKey(group: Group, recipe: Recipe, toolchain: Toolchain): string {
  const files = [recipe.source, ...recipe.inputs].map((path) => `${path} ${sha256(readProjectFile(path))}`);
  return sha256([recipe.command, JSON.stringify(toolVersions(group, toolchain)), ...files].join("\n"));
}
