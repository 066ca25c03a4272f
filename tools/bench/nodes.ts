import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../bundle.ts";

/** A Node binary to measure with. */
export interface NodeBinary {
  readonly major: number;
  readonly version: string;
  readonly path: string;
}

function versionOf(path: string): string {
  const run = spawnSync(path, ["--version"], { encoding: "utf8" });
  return run.status === 0 ? run.stdout.trim() : "";
}

/** Fetches a Node of this major version from the npm registry into the cache; npm's own words when that fails. */
function fetchNode(major: number, folder: string): string | undefined {
  mkdirSync(folder, { recursive: true });
  const name = `node-${process.platform}-${process.arch}@${major}`;
  const npm = spawnSync("npm", ["pack", name, "--silent", "--pack-destination", folder], { encoding: "utf8" });
  if (npm.status !== 0) return `npm pack ${name}: ${npm.stderr.trim().split("\n")[0] ?? "failed"}`;
  const archive = readdirSync(folder).find((file) => file.endsWith(".tgz"));
  if (archive === undefined) return `npm pack ${name} left no archive`;
  const tar = spawnSync("tar", ["xzf", join(folder, archive), "-C", folder], { encoding: "utf8" });
  return tar.status === 0 ? undefined : `tar: ${tar.stderr.trim()}`;
}

/** A Node of this major version: the running one, one fetched before, or one fetched now. A string says why there is none. */
export function nodeOf(major: number): NodeBinary | string {
  const own = Number(process.versions.node.split(".")[0]);
  if (own === major) return { major, version: process.version, path: process.execPath };
  const folder = join(ROOT, ".cache", `node-${major}`);
  const path = join(folder, "package", "bin", "node");
  if (!existsSync(path)) {
    const why = fetchNode(major, folder);
    if (why !== undefined) return why;
  }
  const version = versionOf(path);
  return version === "" ? `${path} does not run` : { major, version, path };
}
