import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Group, Recipe, ToolName } from "./recipe.ts";
import { PROJECT, type Toolchain } from "./toolchain.ts";

/** One object in a MANIFEST.json: what it is, how it was made, and the digest of exactly these bytes. */
export interface ManifestObject {
  readonly file: string;
  readonly source: string;
  readonly sourceSha256: string;
  readonly command: string;
  readonly size: number;
  readonly sha256: string;
}

/** `corpus/<group>/MANIFEST.json`. */
export interface Manifest {
  readonly group: string;
  readonly tools: Readonly<Partial<Record<ToolName, string>>>;
  readonly objects: readonly ManifestObject[];
}

/** SHA-256 of bytes or text, in lower-case hexadecimal. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Bytes of a file named relative to the repository. */
export function readProjectFile(path: string): Uint8Array {
  return readFileSync(join(PROJECT, path));
}

/** Folder of a group's committed objects. */
export function committedFolder(group: Pick<Group, "name">): string {
  return join(PROJECT, "corpus", group.name);
}

/** Folder, ignored by git, of a group's rebuilt objects. */
export function rebuiltFolder(group: Pick<Group, "name">): string {
  return join(PROJECT, "corpus", ".rebuilt", group.name);
}

/** The group's committed MANIFEST.json, if there is one. */
export function readManifest(group: Pick<Group, "name">): Manifest | undefined {
  const file = join(committedFolder(group), "MANIFEST.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Manifest) : undefined;
}

/** Describes the objects as they lie in the group's committed folder. */
export function describeGroup(group: Group, toolchain: Toolchain): Manifest {
  return {
    group: group.name,
    tools: toolVersions(group, toolchain),
    objects: group.recipes.map((recipe) => describeObject(group, recipe)),
  };
}

function describeObject(group: Group, recipe: Recipe): ManifestObject {
  const bytes = readFileSync(join(committedFolder(group), recipe.file));
  return {
    file: recipe.file,
    source: recipe.source,
    sourceSha256: sha256(readProjectFile(recipe.source)),
    command: recipe.command,
    size: bytes.length,
    sha256: sha256(bytes),
  };
}

/** Versions, on this machine, of the tools that the group is made with; of a library, as the lock file pins it. */
export function toolVersions(group: Pick<Group, "tools">, toolchain: Toolchain): Manifest["tools"] {
  return Object.fromEntries(group.tools.map((tool) => [tool, toolVersion(tool, toolchain)]));
}

function toolVersion(tool: ToolName, toolchain: Toolchain): string {
  switch (tool) {
    case "rustc":
      return toolchain.versions.rustc;
    case "llvm":
      return toolchain.versions.llvm;
    case "llc":
      return toolchain.versions.llc;
    case "clang":
      return toolchain.versions.clang;
    case "bpf-linker":
      return toolchain.versions.bpfLinker;
    case "aya-ebpf":
      return lockedVersion("aya-ebpf");
  }
}

function lockedVersion(crate: string): string {
  const lock = new TextDecoder().decode(readProjectFile("ebpf/Cargo.lock"));
  return lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`))?.[1] ?? "not locked";
}
