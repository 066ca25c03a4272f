/**
 * `npx tsx tools/map-kinds.ts [--update]`: what each loader makes of every kind of Aya's maps and of whole programs, before and after,
 * as tables. Compares them with `docs/map-kinds.md`, or writes it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clang, compileC } from "../test/judges/c-object.ts";
import { ROOT } from "./bundle.ts";
import { LOADERS, loaderJudges, loaderVerdicts } from "./scoreboard/loaders.ts";
import { judgeEntry, type MatrixEntry, matrixRow, matrixTables, totalRow } from "./scoreboard/matrix.ts";

const DOCUMENT = join(ROOT, "docs/map-kinds.md");
const SOURCE = "corpus/aya-kinds/c/inode_storage.c";

const INTRODUCTION = `# Kinds of maps, by loader

Written by \`npx tsx tools/map-kinds.ts --update\`; the tests of \`test/e2e/kinds-*.test.ts\` and \`programs.test.ts\` hold it to what the
loaders say. One object for each kind of map of aya-ebpf 0.3 (\`corpus/aya-kinds\`), and whole programs (\`corpus/aya-programs\`).

*fine*: the object loads, the kernel holds its BTF, and every map has its type and the type ids that its kind takes. *no open*, *no load*:
the loader refuses; *no BTF*: it goes on without, since the kernel refuses it; *no types*: a map without the ids that it could have (all
legacy maps, for aya and cilium/ebpf). aya-obj loads nothing itself: the kernel is given the BTF and the maps that it would send.
"raw → fixed", one word where both are the same. (L): fixed with \`--license GPL\`, since the program declares no license and needs one.
`;

function table(title: string, rows: readonly string[]): string {
  const head = `| | ${LOADERS.join(" | ")} |\n|${" --- |".repeat(LOADERS.length + 1)}`;
  return `\n## ${title}\n\n${head}\n${rows.join("\n")}\n`;
}

/** The kind that no loader here can load, in C. */
function inC(): string {
  const verdicts = loaderVerdicts(compileC(readFileSync(join(ROOT, SOURCE), "utf8"), "bpfel", null), []);
  const rows = [`| \`${SOURCE}\` | ${LOADERS.map((loader) => verdicts[loader].word).join(" | ")} |`];
  const said = (["libbpf 1.7", "cilium/ebpf"] as const).map((loader) => `${loader}: ${verdicts[loader].said}`);
  const text = `\nThe kernel that was asked loads no LSM program (EPERM), so the map of \`inode_storage\` is made and its program refused:\n\n`;
  return `${table("What no loader can do here", rows)}${text}${said.map((line) => `    ${line}\n`).join("")}`;
}

async function main(): Promise<number> {
  const missing = [...loaderJudges(), clang()].filter((judge) => !judge.usable);
  for (const { name, why } of missing) console.error(`${name}: not usable: ${why}`);
  if (missing.length > 0) return 1;
  let text = INTRODUCTION;
  for (const { title, objects } of matrixTables()) {
    const entries: MatrixEntry[] = [];
    const rows: string[] = [];
    for (const object of objects) {
      const entry = await judgeEntry(object);
      entries.push(entry);
      rows.push(matrixRow(object, entry));
    }
    const total = totalRow(entries);
    console.log(`${title}: ${total}`);
    text += table(title, [...rows, total]);
  }
  text += inC();
  if (process.argv.includes("--update")) {
    writeFileSync(DOCUMENT, text);
    return 0;
  }
  const isSame = readFileSync(DOCUMENT, "utf8") === text;
  if (!isSame) console.error("docs/map-kinds.md says something else; run with --update");
  return isSame ? 0 : 1;
}

process.exitCode = await main();
