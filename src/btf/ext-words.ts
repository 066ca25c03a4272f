import { BTF_MAGIC, HEADER_START } from "./header.ts";

/** Header of `.BTF.ext` with all three tables. */
export const EXT_HEADER = 32;
/** Before a table, its record size; before each block, string offset of the section's name and number of records. In bytes. */
export const TABLE_HEADER = 4;
export const BLOCK_HEADER = 8;

/** Records of one code section: so many words each, one record after the other. */
export interface WordBlock {
  readonly secNameOff: number;
  readonly words: Uint32Array;
}

/** A table of func_info, line_info or core_relo; one without blocks still states its record size. */
export interface WordTable {
  /** Words of a record. */
  readonly width: number;
  readonly blocks: readonly WordBlock[];
}

/**
 * Writes a new `.BTF.ext` of version 1 with func_info, line_info and core_relo (none if undefined), one after the other: what LLVM
 * writes. A large program has millions of records, so they come as words.
 */
export function encodeExtWords(
  tables: readonly [WordTable, WordTable, WordTable | undefined],
  littleEndian: boolean,
): Uint8Array {
  const sizes = tables.map(sizeOf);
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, EXT_HEADER));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, BTF_MAGIC, littleEndian);
  view.setUint8(2, 1);
  view.setUint32(4, EXT_HEADER, littleEndian);
  let at = EXT_HEADER;
  for (const [index, table] of tables.entries()) {
    const size = sizes[index] ?? 0;
    view.setUint32(HEADER_START + 8 * index, at - EXT_HEADER, littleEndian);
    view.setUint32(HEADER_START + 8 * index + 4, size, littleEndian);
    if (table !== undefined) writeTable(view, at, table, littleEndian);
    at += size;
  }
  return bytes;
}

function sizeOf(table: WordTable | undefined): number {
  if (table === undefined) return 0;
  return table.blocks.reduce((sum, { words }) => sum + BLOCK_HEADER + 4 * words.length, TABLE_HEADER);
}

function writeTable(view: DataView, start: number, { width, blocks }: WordTable, littleEndian: boolean): void {
  view.setUint32(start, 4 * width, littleEndian);
  let at = start + TABLE_HEADER;
  for (const { secNameOff, words } of blocks) {
    view.setUint32(at, secNameOff, littleEndian);
    view.setUint32(at + 4, words.length / width, littleEndian);
    at += BLOCK_HEADER;
    for (let i = 0; i < words.length; i++, at += 4) view.setUint32(at, words[i] ?? 0, littleEndian);
  }
}
