import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, versionLine } from "../../tools/judges/toolchain.ts";
import { type Judge, once } from "../judges/judge.ts";
import { answer, inScratch, run } from "../judges/run.ts";

const path = findProgram("bpftool");

/** Debian's bpftool, the judge of every dump. */
export const bpftool: () => Judge = once(() => {
  const version = versionLine(path, "version");
  const usable = version !== undefined;
  return { name: "bpftool", version: version ?? "", usable, why: usable ? "" : "no bpftool that answers `version`" };
});

/** What `bpftool FLAGS btf dump file FILE` writes to standard output. */
export function dumpFile(file: string, ...flags: readonly string[]): Buffer {
  return answer(run({ program: path ?? "bpftool", args: [...flags, "btf", "dump", "file", file] })).stdout;
}

/** The raw dump, or undefined where bpftool refuses the file. */
export function tryDump(file: string): Buffer | undefined {
  const { status, stdout } = answer(run({ program: path ?? "bpftool", args: ["btf", "dump", "file", file] }));
  return status === 0 ? stdout : undefined;
}

/** What we say that the dumps of a file are. */
export interface ExpectedDump {
  readonly raw: Uint8Array;
  readonly json: Uint8Array;
}

/** Compares with bpftool's dumps of raw blobs. Returns a text for each that differs. */
export function compareBlobs(dumps: readonly (ExpectedDump & { readonly bytes: Uint8Array })[]): string[] {
  return inScratch((folder) =>
    compareFiles(
      dumps.map(({ bytes, ...dump }, index) => {
        const file = join(folder, `${index}.btf`);
        writeFileSync(file, bytes);
        return { ...dump, file };
      }),
    ),
  );
}

/**
 * Compares with bpftool's dumps of files, many in one process (`bpftool batch`, whose complaint at the end of the list is not about a
 * dump). Returns a text for each that differs.
 */
export function compareFiles(dumps: readonly (ExpectedDump & { readonly file: string })[]): string[] {
  return inScratch((folder) => {
    const list = join(folder, "list");
    writeFileSync(list, dumps.map(({ file }) => `btf dump file ${file}\n`).join(""));
    const batch = (...flags: string[]): Buffer =>
      answer(run({ program: path ?? "bpftool", args: [...flags, "batch", "file", list] })).stdout;
    const raw = Buffer.concat(dumps.map((dump) => dump.raw));
    // Each output of a JSON batch is the dump without its newline, wrapped.
    const json = Buffer.concat(
      dumps.flatMap(({ json: dump, file }, index) => [
        Buffer.from(`${index === 0 ? "[" : ","}{"command":["btf","dump","file","${file}"],"output":`),
        dump.subarray(0, -1),
        Buffer.from("}"),
      ]),
    );
    if (batch().equals(raw) && batch("-j").subarray(0, json.length).equals(json)) return [];
    const different = dumps.flatMap(({ raw: ourRaw, json: ourJson, file }) => [
      ...difference(file, dumpFile(file), ourRaw),
      ...difference(file, dumpFile(file, "-j"), ourJson),
    ]);
    return different.length > 0 ? different : ["the batch differs, but no file of it does"];
  });
}

function difference(file: string, theirs: Buffer, ours: Uint8Array): string[] {
  if (theirs.equals(ours)) return [];
  const input = file.endsWith(".btf") ? readFileSync(file).toString("hex") : file;
  return [`${input}\nbpftool: ${theirs.toString("latin1")}\nwe: ${Buffer.from(ours).toString("latin1")}`];
}
