import { BtfFixError } from "../errors.ts";
import type { CoreRelo, ExtSection, ExtTable, FuncInfo, LineInfo } from "./ext-model.ts";

/** Section name offset and number of records before each block. */
const BLOCK_HEADER = 8;

/** Bytes of `.BTF.ext` and how to read them. */
export interface ExtBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly littleEndian: boolean;
}

/** One kind of record: its known words, and the name that errors give its table. */
export interface RecordShape<Rec> {
  readonly name: "func_info" | "line_info" | "core_relo";
  /** Bytes that are known; a blob's record size may be larger, then the others are `rest`. */
  readonly known: number;
  decode(words: (index: number) => number): Rec;
  words(record: Rec): readonly number[];
}

/** `struct bpf_func_info_min`. */
export const FUNC_INFO: RecordShape<FuncInfo> = {
  name: "func_info",
  known: 8,
  decode: (word) => ({ insnOff: word(0), typeId: word(1) }),
  words: (record) => [record.insnOff, record.typeId],
};

/** `struct bpf_line_info_min`. */
export const LINE_INFO: RecordShape<LineInfo> = {
  name: "line_info",
  known: 16,
  decode: (word) => ({ insnOff: word(0), fileNameOff: word(1), lineOff: word(2), lineCol: word(3) }),
  words: (record) => [record.insnOff, record.fileNameOff, record.lineOff, record.lineCol],
};

/** `struct bpf_core_relo`. */
export const CORE_RELO: RecordShape<CoreRelo> = {
  name: "core_relo",
  known: 16,
  decode: (word) => ({ insnOff: word(0), typeId: word(1), accessStrOff: word(2), kind: word(3) }),
  words: (record) => [record.insnOff, record.typeId, record.accessStrOff, record.kind],
};

/** Reads the table in bytes `start … end`, which lie in the blob; undefined if it is empty (LX-08 to LX-12). */
export function parseTable<Rec extends object>(
  input: ExtBytes,
  shape: RecordShape<Rec>,
  { start, end }: { readonly start: number; readonly end: number },
): ExtTable<Rec> | undefined {
  if (start === end) return undefined;
  const { view, littleEndian } = input;
  if (end - start < 4) malformedExt(`${shape.name} has no room for its record size`, start, end - start);
  const recordSize = view.getUint32(start, littleEndian);
  if (recordSize < shape.known || recordSize % 4 !== 0) {
    malformedExt(`${shape.name} has the record size ${recordSize}`, start, 4);
  }
  if (end - start === 4) malformedExt(`${shape.name} has a record size but no records`, start, 4);
  const sections: ExtSection<Rec>[] = [];
  let at = start + 4;
  while (at < end) {
    if (end - at < BLOCK_HEADER) malformedExt(`${shape.name} ends inside a section header`, at, end - at);
    const secNameOff = view.getUint32(at, littleEndian);
    const count = view.getUint32(at + 4, littleEndian);
    at += BLOCK_HEADER;
    if (count === 0) malformedExt(`${shape.name} has a section without records`, at - 4, 4);
    if (count * recordSize > end - at) {
      malformedExt(
        `${shape.name} has ${count} records of ${recordSize} bytes where ${end - at} bytes are left`,
        at - 4,
        4,
      );
    }
    const records: Rec[] = [];
    for (let left = count; left > 0; left--, at += recordSize) records.push(parseRecord(input, shape, at, recordSize));
    sections.push({ secNameOff, records });
  }
  return { recordSize, sections };
}

function parseRecord<Rec extends object>(input: ExtBytes, shape: RecordShape<Rec>, at: number, size: number): Rec {
  const record = shape.decode((index) => input.view.getUint32(at + index * 4, input.littleEndian));
  return size === shape.known ? record : { ...record, rest: input.bytes.subarray(at + shape.known, at + size) };
}

/** Writes a table; no bytes for an undefined one. Error: `LIMIT_EXCEEDED` if `rest` does not fill the record size. */
export function encodeTable<Rec extends { readonly rest?: Uint8Array }>(
  table: ExtTable<Rec> | undefined,
  shape: RecordShape<Rec>,
  littleEndian: boolean,
): Uint8Array {
  if (table === undefined) return new Uint8Array(0);
  const { recordSize, sections } = table;
  const size = sections.reduce((sum, { records }) => sum + BLOCK_HEADER + records.length * recordSize, 4);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put = (word: number): void => {
    if (word >>> 0 !== word) unencodable(shape, `${word} does not fit into an unsigned word`);
    view.setUint32(at, word, littleEndian);
    at += 4;
  };
  put(recordSize);
  for (const { secNameOff, records } of sections) {
    put(secNameOff);
    put(records.length);
    for (const record of records) {
      const restSize = record.rest?.length ?? 0;
      if (shape.known + restSize !== recordSize) unencodable(shape, `a record is not ${recordSize} bytes long`);
      for (const word of shape.words(record)) put(word);
      if (record.rest !== undefined) bytes.set(record.rest, at);
      at += restSize;
    }
  }
  return bytes;
}

/** Throws `BTF_EXT_MALFORMED` for the bytes at `offset`. */
export function malformedExt(message: string, offset: number, length: number): never {
  const span = { section: ".BTF.ext", offset, length };
  throw new BtfFixError("BTF_EXT_MALFORMED", `.BTF.ext is malformed: ${message}`, span);
}

function unencodable(shape: { readonly name: string }, what: string): never {
  throw new BtfFixError("LIMIT_EXCEEDED", `${shape.name} cannot be encoded: ${what}`);
}
