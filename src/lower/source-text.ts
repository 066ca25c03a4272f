import type { BtfExt } from "../btf/ext-model.ts";
import type { Btf } from "../btf/model.ts";
import { nameBytes, nameText } from "../btf/names.ts";

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

function lineKey(file: string, line: number): string {
  return `${line} ${file}`;
}

/** The word of a line record. LLVM masks nothing: a column of 1024 or more runs over into the line. */
export function lineWord(line: number, column: number): number {
  return ((line << COLUMN_BITS) | column) >>> 0;
}
