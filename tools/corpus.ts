import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { canonicalForm } from "./corpus/canonical.ts";
import {
  committedFolder,
  describeGroup,
  readManifest,
  readProjectFile,
  rebuiltFolder,
  sha256,
  toolVersions,
} from "./corpus/manifest.ts";
import { allGroups, rebuildGroup } from "./corpus/rebuild.ts";
import type { Group } from "./corpus/recipe.ts";
import { findToolchain, type Toolchain } from "./corpus/toolchain.ts";

const USAGE = `npm run corpus -- [--update] [group...]

Rebuilds the objects of corpus/ into corpus/.rebuilt/ and compares them with the committed ones in canonical form.
With --update, writes the objects that differ, and the MANIFEST.json of each group.`;

/**
 * Objects of the group that are missing, made from another source or with other tools, or that say something else than
 * the rebuilt ones. (A comment added to a source changes the line table, which the canonical form leaves out.)
 */
function differing(group: Group, toolchain: Toolchain): string[] {
  const recorded = readManifest(group);
  const sameTools = otherTools(group, toolchain) === undefined;
  return group.recipes
    .filter(({ file, source, command }) => {
      const committed = join(committedFolder(group), file);
      const entry = recorded?.objects.find((object) => object.file === file);
      if (!existsSync(committed) || !sameTools || entry?.command !== command) return true;
      if (entry.sourceSha256 !== sha256(readProjectFile(source))) return true;
      return !isDeepStrictEqual(canonicalForm(committed), canonicalForm(join(rebuiltFolder(group), file)));
    })
    .map((recipe) => recipe.file);
}

/** How the recorded tools differ from those of this machine, if they do. */
function otherTools(group: Group, toolchain: Toolchain): string | undefined {
  const recorded = readManifest(group)?.tools;
  const here = toolVersions(group, toolchain);
  if (isDeepStrictEqual(recorded, here)) return undefined;
  return `recorded ${JSON.stringify(recorded)}, here ${JSON.stringify(here)}`;
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { update: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
  });
  const groups = allGroups().filter((group) => positionals.length === 0 || positionals.includes(group.name));
  if (values.help || groups.length === 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const probe = findToolchain();
  if ("missing" in probe) {
    console.error(`corpus: missing ${probe.missing}`);
    return 1;
  }
  let stale = 0;
  for (const group of groups) {
    const built = rebuildGroup(group, probe.toolchain);
    const other = otherTools(group, probe.toolchain);
    if (other !== undefined && !values.update) {
      // Another compiler gives other objects, and that is no fault of the committed ones.
      console.log(`${group.name}: ${group.recipes.length} objects, ${built} built, not compared: ${other}`);
      continue;
    }
    const different = differing(group, probe.toolchain);
    console.log(`${group.name}: ${group.recipes.length} objects, ${built} built, ${different.length} differ`);
    for (const file of different) {
      console.log(`  ${file}`);
      if (!values.update) continue;
      const committed = join(committedFolder(group), file);
      mkdirSync(dirname(committed), { recursive: true });
      copyFileSync(join(rebuiltFolder(group), file), committed);
    }
    if (values.update) {
      const manifest = JSON.stringify(describeGroup(group, probe.toolchain), undefined, 2);
      writeFileSync(join(committedFolder(group), "MANIFEST.json"), `${manifest}\n`);
    } else {
      stale += different.length;
    }
  }
  return stale === 0 ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  // A compiler that fails has said why on standard error.
  console.error(`corpus: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
