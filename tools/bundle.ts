import { chmod } from "node:fs/promises";
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

/** The program as one CommonJS file, which Node starts sooner than modules. Dynamic imports stay lazy inside it. */
export async function bundleProgram(outfile: string): Promise<void> {
  await build({
    ...common,
    entryPoints: ["src/cli/main.ts"],
    outfile,
    platform: "node",
    format: "cjs",
    minify: true,
  });
  await chmod(outfile, 0o755);
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
