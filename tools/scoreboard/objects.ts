import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../bundle.ts";

/** An object of the corpus. */
export interface ScoredObject {
  /** "shapes/s01_plain_repr_c.bpfel.o" */
  readonly name: string;
  readonly path: string;
  /** Whether the repairs that exist so far must make it fine. */
  readonly mustBeFine: boolean;
  /** What its user must say with `--license`: it declares none, and calls helpers that are for GPL programs alone. */
  readonly license: string | undefined;
}

/** One program for each kind of Aya's maps: as bpf-linker leaves it, and as LLVM's own linker does. */
export const KIND_FOLDERS: readonly string[] = ["aya-kinds", "aya-kinds/stand-in"];

/** Programs as projects write them. */
export const PROGRAM_FOLDERS: readonly string[] = ["aya-programs"];

const FOLDERS = ["aya", "aya/more", "shapes", "shapes-linked", "c"];

/** Programs without a license that need one. */
const UNLICENSED = ["btf_perf_event_byte_array", "legacy_perf_event_byte_array", "legacy_stack_trace", "tracer"];

/** The kernel here loads no LSM program, whoever wrote it; see `docs/map-kinds.md`. */
const REFUSED_HERE = "btf_inode_storage";

/** Shapes that `.BTF` alone can mend; the others need edits of ELF symbols and sections. */
const FINE_SHAPES = [1, 2, 3, 5, 7, 8, 10, 12, 14, 16, 17, 18, 19, 21, 24, 25, 26, 28, 30, 34, 36, 37, 41];

function mustBeFine(folder: string, file: string): boolean {
  if (folder.startsWith("aya") || folder === "c") return !file.startsWith(`${REFUSED_HERE}.`);
  const shape = /^s(\d+)_/.exec(file)?.[1];
  return shape !== undefined && FINE_SHAPES.includes(Number(shape));
}

/** Every committed object of the given folders of `corpus/`, folder by folder, little-endian before its twin. */
export function corpusObjects(folders: readonly string[] = FOLDERS): readonly ScoredObject[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, "corpus", folder))
      .filter((file) => file.endsWith(".o"))
      .sort((a, b) => (key(a) < key(b) ? -1 : 1))
      .map((file) => ({
        name: `${folder}/${file}`,
        path: join(ROOT, "corpus", folder, file),
        mustBeFine: mustBeFine(folder, file),
        license: UNLICENSED.includes(file.split(".")[0] ?? "") ? "GPL" : undefined,
      })),
  );
}

/** All of the corpus. */
export function allObjects(): readonly ScoredObject[] {
  return corpusObjects([...FOLDERS, ...KIND_FOLDERS, ...PROGRAM_FOLDERS]);
}

function key(file: string): string {
  return file.replace("bpfel", "bpf0").replace("bpfeb", "bpf1");
}

/** Expected raw column by shape ("s01_plain_repr_c"), from RESULTS.tsv. */
export function expectedColumns(): ReadonlyMap<string, string> {
  const [, ...rows] = readFileSync(join(ROOT, "corpus/shapes/RESULTS.tsv"), "utf8").trimEnd().split("\n");
  return new Map(rows.map((row) => row.split("\t")).map(([shape = "", , column = ""]) => [shape, column]));
}
