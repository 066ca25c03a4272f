import type { BtfExt } from "../btf/ext-model.ts";
import type { Btf } from "../btf/model.ts";
import { nameBytes, nameText } from "../btf/names.ts";
import type { LineTable } from "../dwarf/model.ts";

/** Text of a line of a source file; undefined if nobody knows it. */
export type SourceText = (file: string, line: number) => string | Uint8Array | undefined;

/** Column and line share a word of line_info. */
const COLUMN_BITS = 10;

/**
 * The source lines that an object's line_info quotes: DWARF has none. Only the texts are taken, by file and line; which lines are
 * asked for, DWARF says.
 */
export function quotedText(btf: Btf, ext: BtfExt | undefined): SourceText {
  const texts = new Map<string, Uint8Array>();
  for (const { records } of ext?.lineInfo?.sections ?? []) {
    for (const { fileNameOff, lineOff, lineCol } of records) {
      const text = lineOff === 0 ? undefined : nameBytes(btf, lineOff);
      if (text === undefined) continue;
      const key = lineKey(nameText(btf, fileNameOff), lineCol >>> COLUMN_BITS);
      if (!texts.has(key)) texts.set(key, text);
    }
  }
  return (file, line) => texts.get(lineKey(file, line));
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** The lines of source files that the compiler has embedded in the line table (`clang -gembed-source`), which BTFDebug quotes too. */
export function embeddedText(table: LineTable): SourceText {
  const files = new Map<string, readonly Uint8Array[]>();
  return (file, line) => {
    let lines = files.get(file);
    if (lines === undefined) {
      lines = linesOf(table.source(file) ?? new Uint8Array(0));
      files.set(file, lines);
    }
    return lines[line - 1];
  };
}

/** Lines without their ends (`line_iterator`). */
export function linesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found === -1 ? bytes.length : found;
    lines.push(bytes.subarray(start, end > start && bytes[end - 1] === RETURN ? end - 1 : end));
    start = end + 1;
  }
  return lines;
}

function lineKey(file: string, line: number): string {
  return `${line} ${file}`;
}

/** The word of a line record. LLVM masks nothing: a column of 1024 or more runs over into the line. */
export function lineWord(line: number, column: number): number {
  return ((line << COLUMN_BITS) | column) >>> 0;
}
