import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { chmod, copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";

/** The repository's root folder. */
export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

const common: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  target: "node20.19",
  legalComments: "none",
  logLevel: "warning",
};

/** The programs that `cli.cjs` chooses from: by name those of `src/cli/ways/`. */
const WAYS = ["fix", "check", "emit", "all"] as const;

/** What Node starts: the program, and the wrapper of a linker, which loads `fix.cjs` too. */
const STARTS = { "cli.cjs": "src/cli/start.ts", "linker.cjs": "src/cli/linker/start.ts" } as const;

/**
 * The program: `cli.cjs`, which Node starts; `fix.cjs`, `check.cjs`, `emit.cjs` and `all.cjs`, of which it loads the one that has the command, with V8's
 * compiled code of an earlier run; and `gimli.wasm`. CommonJS starts sooner than modules. Dynamic imports stay lazy inside the one file.
 */
export async function bundleProgram(folder: string): Promise<void> {
  const node: BuildOptions = { ...common, platform: "node", format: "cjs", minify: true };
  await build({
    ...node,
    entryPoints: WAYS.map((way) => `src/cli/ways/${way}.ts`),
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    banner: { js: `(function (exports, require, module, __filename, __dirname) { "use strict";` },
    footer: { js: "})" },
    charset: "ascii",
    alias: { "gimli-wasm": "./src/cli/wasm-file.ts", fflate: "./src/cli/inflate-node.ts" },
  });
  await copyFile(join(ROOT, "wasm/gimli_wasm.wasm"), join(folder, "gimli.wasm"));
  for (const [name, entry] of Object.entries(STARTS)) {
    const start = join(folder, name);
    await build({
      ...node,
      entryPoints: [entry],
      outfile: start,
      define: { BTF_FIX_DIGESTS: JSON.stringify(Object.fromEntries(WAYS.map((way) => [way, digest(folder, way)]))) },
    });
    await chmod(start, 0o755);
  }
}

function digest(folder: string, way: string): string {
  const program = readFileSync(join(folder, `${way}.cjs`));
  return createHash("sha256").update(program).digest("hex").slice(0, 16);
}

/** Has the program keep its compiled code beside itself, by runs on a real object; for the Node that builds. */
export function warmProgram(folder: string): void {
  const cache = join(folder, "cache");
  rmSync(cache, { recursive: true, force: true });
  const object = join(ROOT, "corpus/aya/fork.bpfel.release.o");
  for (const way of [
    [object, "-o", "/dev/null", "-q"],
    ["emit", object, "-o", "/dev/null"],
    ["check", object, "-q"],
  ]) {
    const run = spawnSync(process.execPath, [join(folder, "cli.cjs"), ...way], {
      encoding: "utf8",
      env: { ...process.env, BTF_FIX_CACHE: cache },
    });
    // 1 is "defects remain", which is what a check of this object finds.
    if (run.status !== 0 && run.status !== 1) throw new Error(`the program does not run: ${run.stderr}`);
  }
  // Whoever may run the program may read it; the program itself keeps its own files to its user.
  for (const name of readdirSync(cache)) chmodSync(join(cache, name), 0o644);
  chmodSync(cache, 0o755);
}

/** The library for Node and for browsers: a `node:` import in it is an error. */
export async function bundleLibrary(outdir: string): Promise<void> {
  await build({
    ...common,
    entryPoints: ["src/index.ts"],
    outdir,
    platform: "neutral",
    format: "esm",
    target: "es2022",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
  });
}
