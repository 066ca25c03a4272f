/**
 * `tsx tools/readme.ts [--update]`: runs the btf-fix commands of README.md's console blocks and compares what they print with what
 * the README shows. `--update` writes the real output into the README instead.
 *
 * In a block, a line `$ btf-fix …` is run in a folder of its own that holds `corpus/`; the lines up to the next `$` are its output, both
 * streams. Other commands are left as they are.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleProgram, ROOT } from "./bundle.ts";

const BLOCK = /^```console\n([\s\S]*?)^```$/gm;

interface Command {
  readonly line: string;
  readonly output: string;
}

function commandsOf(block: string): Command[] {
  return block
    .split(/^(?=\$ )/m)
    .filter((part) => part !== "")
    .map((part) => {
      const end = part.indexOf("\n") + 1;
      return { line: part.slice(0, end), output: part.slice(end) };
    });
}

/** What a command prints now; the shown output for one that is not ours. */
function actual({ line, output }: Command, folder: string): string {
  if (!/^\$ (npx )?btf-fix /.test(line)) return output;
  const command = line.slice(2).replace(/^npx /, "");
  const run = spawnSync("sh", ["-c", `(${command.trim()}) 2>&1`], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, BTF_FIX_CACHE: "off", PATH: `${folder}/bin:${process.env["PATH"] ?? ""}` },
  });
  return run.stdout;
}

const file = join(ROOT, "README.md");
const before = readFileSync(file, "utf8");
const folder = mkdtempSync(join(tmpdir(), "btf-fix-readme-"));
try {
  await bundleProgram(join(folder, "bin"));
  symlinkSync("cli.cjs", join(folder, "bin", "btf-fix"));
  symlinkSync(join(ROOT, "corpus"), join(folder, "corpus"));
  const after = before.replace(BLOCK, (_, block: string) => {
    const commands = commandsOf(block);
    return `\`\`\`console\n${commands.map((command) => command.line + actual(command, folder)).join("")}\`\`\``;
  });
  if (process.argv.includes("--update")) writeFileSync(file, after);
  else if (after !== before) {
    console.error(
      "README.md shows output that btf-fix does not give; `npx tsx tools/readme.ts --update` writes what it does.",
    );
    const shown = new Set(before.split("\n"));
    for (const line of after.split("\n")) if (!shown.has(line)) console.error(`+ ${line}`);
    process.exitCode = 1;
  } else console.log(`README.md: ${[...before.matchAll(BLOCK)].length} console blocks as shown`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
