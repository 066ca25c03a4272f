/**
 * `npm run gpl-helpers [-- --check]`: which helpers are for GPL-compatible programs only. Every helper is tried in a program with the license
 * "Proprietary", in every type of program that the running kernel lets us load, and the answer is held against `.gpl_only` in Debian's
 * linux-source, which is fetched for the moment. Writes src/rules/elf/gpl-helpers.ts and test/rules/elf/gpl-helpers.ts; `--check` only says whether they would
 * change.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./bundle.ts";
import { type Live, probeKernel } from "./gpl-helpers/live.ts";
import { readSource, type SourceSays } from "./gpl-helpers/source.ts";
import { render, renderSeen, type SeenHelper } from "./gpl-helpers/table.ts";

const SOURCES = ["linux-source-6.1", "linux-source-6.12"];
const [FILE, SEEN] = [
  ["src", "rules", "elf", "gpl-helpers.ts"],
  ["test", "rules", "elf", "gpl-helpers.ts"],
].map((path) => join(ROOT, ...path)) as [string, string];

function rows(live: Live, sources: readonly SourceSays[]): readonly SeenHelper[] {
  return [...live.helperNames]
    .sort(([a], [b]) => a - b)
    .flatMap(([id, name]): readonly SeenHelper[] => {
      const barredIn = live.types.filter(({ barred }) => barred.includes(id)).map(({ type }) => type);
      const openIn = live.types
        .filter(({ open, barred }) => open.includes(id) && !barred.includes(id))
        .map(({ type }) => type);
      if (barredIn.length > 0) return [{ id, name, barredIn, openIn, seen: "kernel" }];
      // This kernel offers it to no program that could be tried.
      const barred = openIn.length === 0 && sources.some(({ helpers }) => helpers.get(name)?.barred === true);
      return barred ? [{ id, name, barredIn: [], openIn: [], seen: "source" }] : [];
    });
}

/** Helpers of which kernel and source say different things. */
function disagreements(live: Live, { helpers, version }: SourceSays): readonly string[] {
  return [...live.helperNames].flatMap(([id, name]) => {
    const says = helpers.get(name);
    if (says === undefined || (!says.barred && !says.open)) return [];
    const barred = live.types.some((type) => type.barred.includes(id));
    const open = live.types.some((type) => type.open.includes(id) && !type.barred.includes(id));
    if ((!barred || says.barred) && (!open || says.open)) return [];
    return [`${version}: ${name} (${id}) is ${barred ? "barred" : "open"} in the kernel, not in the source`];
  });
}

const live = probeKernel();
const sources = SOURCES.map(readSource);
const table = rows(live, sources);
for (const source of sources) {
  const known = [...live.helperNames.values()].filter((name) => {
    const says = source.helpers.get(name);
    return says !== undefined && (says.barred || says.open);
  });
  const differ = disagreements(live, source);
  console.log(`source ${source.version}: ${known.length} helpers with a prototype, ${differ.length} disagreements`);
  for (const line of differ) console.log(`  ${line}`);
}
for (const { type, barred, open } of live.types) {
  console.log(`${live.typeNames.get(type)}: ${barred.length} barred, ${open.length} open to any license`);
}
for (const { type, errno } of live.untried) console.log(`${live.typeNames.get(type)}: not tried, errno ${errno}`);
const versions = sources.map(({ version }, i) => `${SOURCES[i]} ${version}`);
for (const [file, text] of [
  [FILE, render(table, live, versions)],
  [SEEN, renderSeen(table, live, versions)],
] as const) {
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`${file} is not what this kernel and the sources say`);
    process.exitCode = 1;
  }
}
console.log(
  `${table.length} helpers, ${table.filter(({ seen }) => seen === "source").length} of them by the source alone`,
);
