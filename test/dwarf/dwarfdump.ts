/** What `llvm-dwarfdump` says, as data: the judge of this folder's tests. */
import { outputOf, type Sample } from "./samples.ts";

/** One DIE as printed; attributes by name without "DW_AT_", the text between the outer parentheses. */
export interface PrintedDie {
  readonly offset: number;
  readonly depth: number;
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** All DIEs of `.debug_info`, in order. */
export function printedDies(sample: Sample): PrintedDie[] {
  const dies: { offset: number; depth: number; tag: string; attributes: Map<string, string> }[] = [];
  for (const line of outputOf("llvm-dwarfdump-22", "--debug-info", sample.path).split("\n")) {
    const die = /^0x([0-9a-f]+): ( *)DW_TAG_(\w+)$/.exec(line);
    if (die !== null) {
      const [, offset = "", indent = "", tag = ""] = die;
      dies.push({ offset: Number.parseInt(offset, 16), depth: indent.length / 2, tag, attributes: new Map() });
      continue;
    }
    // A value that is printed over several lines (a list) is cut at the first.
    const attribute = /^ +DW_AT_(\w+)\t\((.*?)\)?$/.exec(line);
    const last = dies.at(-1);
    if (attribute === null || last === undefined) continue;
    const [, name = "", value = ""] = attribute;
    if (!last.attributes.has(name)) last.attributes.set(name, value);
  }
  return dies;
}

/** A row of a line table as printed. */
export interface PrintedLine {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly file: string;
  readonly isStmt: boolean;
  readonly endSequence: boolean;
}

/** Rows of each line program, by its offset; files as the last part of their path, since the tool prints no whole ones. */
export function printedLines(sample: Sample): Map<number, PrintedLine[]> {
  const programs = new Map<number, PrintedLine[]>();
  let rows: PrintedLine[] = [];
  let names = new Map<number, string>();
  let current = 0;
  for (const line of outputOf("llvm-dwarfdump-22", "--debug-line", sample.path).split("\n")) {
    const program = /^debug_line\[0x([0-9a-f]+)\]/.exec(line);
    if (program !== null) {
      rows = [];
      names = new Map();
      programs.set(Number.parseInt(program[1] ?? "", 16), rows);
      continue;
    }
    const file = /^file_names\[ *(\d+)\]:/.exec(line);
    if (file !== null) current = Number(file[1]);
    const name = /^ +name: "(.*)"/.exec(line);
    if (name !== null) names.set(current, name[1] ?? "");
    const row = /^0x([0-9a-f]{16}) +(\d+) +(\d+) +(\d+) +\d+ +\d+ +\d+ +(.*)$/.exec(line);
    if (row === null) continue;
    const [, offset = "", number = "", column = "", index = "", flags = ""] = row;
    rows.push({
      offset: Number(BigInt(`0x${offset}`) & 0xffff_ffffn),
      line: Number(number),
      column: Number(column),
      file: names.get(Number(index)) ?? "",
      isStmt: flags.includes("is_stmt"),
      endSequence: flags.includes("end_sequence"),
    });
  }
  return programs;
}
