import { BtfFixError } from "../errors.ts";
import { linesOf } from "../lower/source-text.ts";
import type { Host } from "./host.ts";

/** Longest line that is quoted, in bytes: minified files have lines of megabytes. */
const MAX_LINE = 4096;

/**
 * Lines of source files below a folder. A path as debug info gives it is tried whole and then from each of its folders on, since a
 * checkout seldom lies where the program was built. Paths never lead out of the folder; a file that cannot be read has no lines.
 */
export function sourceLines(host: Host, folder: string): (file: string, line: number) => Uint8Array | undefined {
  const files = new Map<string, readonly Uint8Array[]>();
  return (file, line) => {
    let lines = files.get(file);
    if (lines === undefined) {
      lines = linesBelow(host, folder, file);
      files.set(file, lines);
    }
    return lines[line - 1]?.subarray(0, MAX_LINE);
  };
}

function linesBelow(host: Host, folder: string, file: string): readonly Uint8Array[] {
  const steps = file.split("/").filter((step) => step !== "" && step !== ".");
  if (steps.includes("..")) return [];
  for (let skip = 0; skip < steps.length; skip++) {
    try {
      return linesOf(host.readInput([folder, ...steps.slice(skip)].join("/")).bytes);
    } catch (error) {
      if (!(error instanceof BtfFixError)) throw error;
    }
  }
  return [];
}
