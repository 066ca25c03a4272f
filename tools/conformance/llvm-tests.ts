import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "../judges/cache.ts";

/** The two directories of LLVM's tests that write BTF. */
export type TestGroup = "BTF" | "CORE";
export const TEST_GROUPS: readonly TestGroup[] = ["BTF", "CORE"];

const SOURCE_PACKAGE = "llvm-toolchain-22";
const TESTS = "llvm/test/CodeGen/BPF";

interface SourceFile {
  readonly uri: string;
  readonly name: string;
  readonly sha256: string;
}

function output(program: string, args: readonly string[]): string {
  const run = spawnSync(program, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (run.error !== undefined) throw new Error(`${program} cannot be run: ${run.error.message}`);
  if (run.status !== 0) throw new Error(`${program} ${args[0]}: ${run.stderr.trim().split("\n").at(-1)}`);
  return run.stdout;
}

/**
 * Folder of LLVM's BTF or CORE tests of the version that Debian has. They come from Debian's source package, by apt, on the first call,
 * and stay in the cache: nothing of LLVM is in this repository. Errors: a plain Error that says which step failed.
 */
export function llvmTests(group: TestGroup, say: (line: string) => void): string {
  const folder = join(cacheRoot(), "llvm-tests");
  if (!TEST_GROUPS.every((name) => existsSync(join(folder, name)))) fetchTests(folder, say);
  return join(folder, group);
}

function fetchTests(folder: string, say: (line: string) => void): void {
  const apt = join(cacheRoot(), "llvm-source");
  const unpacked = join(apt, "unpacked");
  for (const path of ["lists/partial", "cache/archives/partial", "unpacked"]) {
    mkdirSync(join(apt, path), { recursive: true });
  }
  say(`fetching the source package ${SOURCE_PACKAGE} (about 200 MB)`);
  const archive = join(apt, "orig.tar.xz");
  download(apt, archive, say);
  say(`unpacking ${TESTS}`);
  const wanted = TEST_GROUPS.map((group) => `*/${TESTS}/${group}/*`);
  output("tar", ["-xJf", archive, "-C", unpacked, "--strip-components=5", "--wildcards", ...wanted]);
  rmSync(folder, { recursive: true, force: true });
  renameSync(unpacked, folder);
  rmSync(apt, { recursive: true, force: true });
}

/** The archive as the machine's own package sources offer it, checked against the hash of their signed index. */
function download(apt: string, archive: string, say: (line: string) => void): void {
  const sites = output("apt-get", [
    "indextargets",
    "--format",
    "$(SITE) $(RELEASE) $(COMPONENT)",
    "Created-By: Packages",
  ]);
  // Only Debian's own: other sources have no source packages.
  const debian = [...new Set(sites.trim().split("\n"))].filter((line) => line.split(" ")[0]?.includes("/debian"));
  const sources = join(apt, "sources.list");
  writeFileSync(sources, debian.map((line) => `deb-src ${line}\n`).join(""));
  const own = Object.entries({
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": join(apt, "lists"),
    "Dir::Cache": join(apt, "cache"),
  }).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  output("apt-get", [...own, "update", "-q"]);
  const { uri, sha256 } = originOf(output("apt-get", [...own, "source", "--print-uris", SOURCE_PACKAGE]));
  // The index may name the security archive while the file lies in the main pool only: the same file, by its hash.
  const pool = uri.replace(/^.*\/pool\/(updates\/)?/, "/pool/");
  const places = [uri, ...debian.map((line) => `${line.split(" ")[0]}${pool}`)];
  for (const place of new Set(places)) {
    rmSync(archive, { force: true });
    const run = spawnSync("/usr/lib/apt/apt-helper", ["download-file", place, archive], { encoding: "utf8" });
    if (run.status !== 0 || !existsSync(archive)) continue;
    if (createHash("sha256").update(readFileSync(archive)).digest("hex") === sha256) return;
    say("the archive has another hash than the index says");
  }
  throw new Error(`no package source has the archive of ${SOURCE_PACKAGE}`);
}

function originOf(uris: string): SourceFile {
  for (const line of uris.split("\n")) {
    const [, uri, name, sha256] = /^'([^']+)' (\S+\.orig\.tar\.xz) \d+ SHA256:([0-9a-f]+)$/.exec(line) ?? [];
    if (uri !== undefined && name !== undefined && sha256 !== undefined) return { uri, name, sha256 };
  }
  throw new Error(`apt-get knows no source archive of ${SOURCE_PACKAGE}`);
}

/** Names of the tests of a folder, without suffix. */
export function testNames(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".ll"));
  return files.map((file) => file.slice(0, -3)).sort();
}
