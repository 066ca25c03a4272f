import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { canonicalForm } from "./corpus/canonical.ts";
import { committedFolder, describeGroup, rebuiltFolder } from "./corpus/manifest.ts";
import { allGroups, rebuildGroup } from "./corpus/rebuild.ts";
import type { Group } from "./corpus/recipe.ts";
import { findToolchain } from "./corpus/toolchain.ts";

const USAGE = `npm run corpus -- [--update] [group...]

Rebuilds the objects of corpus/ into corpus/.rebuilt/ and compares them with the committed ones in canonical form.
With --update, writes the objects that differ, and the MANIFEST.json of each group.`;

/** Committed objects of the group that are missing, or say something else than the rebuilt ones. */
function differing(group: Group): string[] {
  return group.recipes
    .map((recipe) => recipe.file)
    .filter((file) => {
      const committed = join(committedFolder(group), file);
      if (!existsSync(committed)) return true;
      return !isDeepStrictEqual(canonicalForm(committed), canonicalForm(join(rebuiltFolder(group), file)));
    });
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
    const different = differing(group);
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
