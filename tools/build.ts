/**
 * Builds `dist/`: the program, the library and its type declarations. Runs at `npm ci` (prepare) and by `npm run build`, and needs
 * nothing but Node and the installed packages.
 */
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bundleLibrary, bundleProgram, ROOT, warmProgram } from "./bundle.ts";

/** The declarations. Types are checked by `npm run typecheck`, not here. */
async function declareTypes(): Promise<void> {
  const packageFile = createRequire(import.meta.url).resolve("typescript/package.json");
  const compiler = join(dirname(packageFile), "bin/tsc");
  const child = spawn(process.execPath, [compiler, "-p", "config/tsconfig.lib.json", "--noCheck"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code === 0) return;
  // The program works without declarations, so `npm ci` must not fail for one; `npm run build`, and with it verify, does.
  if (process.env["npm_lifecycle_event"] === "prepare") console.warn("dist/types is incomplete: see above");
  else throw new Error(`tsc ended with ${String(code)}`);
}

const dist = join(ROOT, "dist");
for (const stale of ["chunks", "types", "program.cjs"]) await rm(join(dist, stale), { recursive: true, force: true });
await Promise.all([bundleProgram(dist), bundleLibrary(dist), declareTypes()]);
warmProgram(dist);
