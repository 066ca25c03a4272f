import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { PROJECT } from "../corpus/toolchain.ts";
import { MissingTool } from "./needs.ts";
import type { Library } from "./objects.ts";

/**
 * Puts btf-fix between build and load: what bpf-linker wrote is repaired into `<object>.fixed`, whichever library is to load it; what clang
 * wrote is checked. Returns the object to load, or undefined if defects remain, which btf-fix has told.
 *
 * @throws MissingTool
 */
export function repaired(object: string, library: Library): string | undefined {
  const btfFix = join(PROJECT, "dist", "cli.cjs");
  if (!existsSync(btfFix)) throw new MissingTool("dist/cli.cjs", "npm run build");
  const name = relative(PROJECT, object);
  const fixed = `${object}.fixed`;
  const args = library === "aya" ? [name, "-o", `${name}.fixed`] : ["check", name];
  console.log(`$ btf-fix ${args.join(" ")}`);
  const run = spawnSync(process.execPath, [btfFix, ...args], { cwd: PROJECT, stdio: "inherit" });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) return undefined;
  return library === "aya" ? fixed : object;
}
