import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fixObject } from "../../src/index.ts";
import { readObjectFile } from "../../test/e2e/object-file.ts";
import { dwarfMaps } from "./dwarf-maps.ts";
import { kernelTypes } from "./kernel-types.ts";
import { LOADERS, type Loader, type LoaderVerdict, loaderVerdicts } from "./loaders.ts";
import { corpusObjects, KIND_FOLDERS, PROGRAM_FOLDERS, type ScoredObject } from "./objects.ts";

type Verdicts = Readonly<Record<Loader, LoaderVerdict>>;

/** What each loader makes of an object, before and after. */
export interface MatrixEntry {
  readonly raw: Verdicts;
  readonly fixed: Verdicts;
}

/** Objects that stand in one table, as one rule of naming tells them. */
export interface MatrixTable {
  readonly title: string;
  readonly objects: readonly ScoredObject[];
}

/** Kind, or program, that an object is about. */
export function subject({ name }: Pick<ScoredObject, "name">): string {
  return basename(name)
    .replace(/^(?:btf|legacy)_/, "")
    .replace(/\.bpfel(\.dev)?\.o$/, "$1")
    .replace(".dev", " (dev)");
}

/** The tables of the matrix; little-endian objects, since the kernel here is asked. */
export function matrixTables(): readonly MatrixTable[] {
  const objects = (folder: string, prefix: string): readonly ScoredObject[] =>
    corpusObjects([folder]).filter(({ name }) => name.includes(".bpfel.") && basename(name).startsWith(prefix));
  const [linked = "", standIn = ""] = KIND_FOLDERS;
  return [
    { title: "`#[btf_map]`, bpf-linker", objects: objects(linked, "btf_") },
    { title: "`#[map]`, bpf-linker", objects: objects(linked, "legacy_") },
    { title: "`#[btf_map]`, LLVM's own linker", objects: objects(standIn, "btf_") },
    { title: "`#[map]`, LLVM's own linker", objects: objects(standIn, "legacy_") },
    { title: "Programs of several maps", objects: PROGRAM_FOLDERS.flatMap((folder) => objects(folder, "")) },
  ];
}

/** Asks all loaders about an object, raw and fixed (with `--license` where it needs one). */
export async function judgeEntry({ path, license }: ScoredObject): Promise<MatrixEntry> {
  const bytes = readFileSync(path);
  const maps = dwarfMaps(path, readObjectFile(bytes));
  const choices = license === undefined ? {} : { license };
  const fixed = await fixObject(bytes, { vmlinux: kernelTypes, ...choices });
  return { raw: loaderVerdicts(bytes, maps), fixed: loaderVerdicts(fixed.bytes, maps) };
}

/** An object's row: what was before and what is after, for each loader. */
export function matrixRow(object: ScoredObject, { raw, fixed }: MatrixEntry): string {
  const cells = LOADERS.map((loader) => {
    const [before, after] = [raw[loader].word, fixed[loader].word];
    return before === after ? after : `${before} → ${after}`;
  });
  return `| ${subject(object)}${object.license === undefined ? "" : " (L)"} | ${cells.join(" | ")} |`;
}

/** The last row of a table: how many are fine before and after. */
export function totalRow(entries: readonly MatrixEntry[]): string {
  const count = (loader: Loader, when: "raw" | "fixed"): number =>
    entries.filter((entry) => entry[when][loader].word === "fine").length;
  const cells = LOADERS.map((loader) => `${count(loader, "raw")} → ${count(loader, "fixed")}`);
  return `| **fine, of ${entries.length}** | ${cells.join(" | ")} |`;
}
