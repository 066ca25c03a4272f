import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The judges that are programs of ours; bpftool is Debian's own and needs no driver. */
export type JudgeProgram =
  | "kernel"
  | "libbpf17"
  | "libbpf11"
  | "dedup17"
  | "dedup11"
  | "cilium"
  | "aya03"
  | "aya06"
  | "aya14"
  | "aya16"
  | "attach"
  | "machineInit"
  | "machineKernel"
  | "machineLibbpf";

/** Root of the checkout, as an absolute path. */
export const projectRoot: string = fileURLToPath(new URL("../..", import.meta.url));

const sources: Readonly<Record<JudgeProgram, readonly string[]>> = {
  kernel: ["native/kernel.c", "native/json.h"],
  libbpf17: ["libbpf17", "native/libbpf.c", "native/json.h", "native/tap.h"],
  libbpf11: ["native/libbpf.c", "native/json.h", "native/tap.h"],
  dedup17: ["dedup17", "native/dedup.c"],
  dedup11: ["native/dedup.c"],
  cilium: ["cilium"],
  aya03: ["aya/main.rs", "aya/v03"],
  aya06: ["aya/main.rs", "aya/v06"],
  aya14: ["aya-run/main.rs", "aya-run/v14"],
  aya16: ["aya-run/main.rs", "aya-run/v16"],
  attach: ["native/attach.c", "native/json.h"],
  machineInit: ["native/init.c"],
  machineKernel: ["native/kernel.c", "native/json.h"],
  machineLibbpf: ["libbpf17/Cargo.lock", "native/libbpf.c", "native/json.h", "native/tap.h"],
};

/** Where everything that is built or installed outside the repository lies: `${XDG_CACHE_HOME:-~/.cache}/btf-fix`. */
export function cacheRoot(): string {
  const base = process.env["XDG_CACHE_HOME"];
  return join(base === undefined || base === "" ? join(homedir(), ".cache") : base, "btf-fix");
}

/** Absolute path of a judge's source folder or file below `test/judges`. */
export function judgeSource(path: string): string {
  return join(projectRoot, "test", "judges", path);
}

function* filesBelow(path: string): Generator<string> {
  if (!statSync(path).isDirectory()) {
    yield path;
    return;
  }
  // A target folder is only there if somebody ran cargo by hand; it is no source.
  for (const entry of readdirSync(path).sort()) if (entry !== "target") yield* filesBelow(join(path, entry));
}

/**
 * The folder of one judge's build, named by the content of its sources, so that a changed driver is never
 * mistaken for a built one and two checkouts share what is equal.
 */
export function judgeFolder(name: JudgeProgram): string {
  const hash = createHash("sha256");
  for (const source of sources[name]) {
    for (const file of filesBelow(judgeSource(source))) {
      hash
        .update(`${relative(projectRoot, file)}\0`)
        .update(readFileSync(file))
        .update("\0");
    }
  }
  return join(cacheRoot(), "judges", `${name}-${hash.digest("hex").slice(0, 16)}`);
}

/** Path of the built judge, or undefined if `npm run judges` has not built these sources. */
export function judgeProgram(name: JudgeProgram): string | undefined {
  const program = join(judgeFolder(name), "judge");
  return existsSync(program) ? program : undefined;
}
