import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundleLibrary, ROOT } from "../../tools/bundle.ts";

const TSC = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

/** A finished process: exit status, and both streams as one text. */
export interface Finished {
  readonly status: number | null;
  readonly output: string;
}

/** Runs Node in a folder. */
export function node(args: readonly string[], cwd: string): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

/** Runs the project's TypeScript compiler in a folder. */
export function tsc(args: readonly string[], cwd: string): Finished {
  return node([TSC, ...args], cwd);
}

/** A folder of a user who has installed the package: library and declarations as `npm pack` would take them, built now. */
export async function installLibrary(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "btf-fix-installed-"));
  const home = join(folder, "node_modules", "btf-fix");
  mkdirSync(home, { recursive: true });
  copyFileSync(join(ROOT, "package.json"), join(home, "package.json"));
  await bundleLibrary(join(home, "dist"));
  const declared = tsc(["-p", "config/tsconfig.lib.json", "--noCheck", "--outDir", join(home, "dist/types")], ROOT);
  if (declared.status !== 0) throw new Error(declared.output);
  return folder;
}
