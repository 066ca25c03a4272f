import { BtfFixError } from "../errors.ts";
import type { BtfExt } from "./ext-model.ts";
import { CORE_RELO, encodeTable, FUNC_INFO, LINE_INFO, malformedExt, parseTable } from "./ext-tables.ts";
import { BTF_MAGIC, byteOrder, HEADER_START } from "./header.ts";

/** Header with func_info and line_info; with core_relo it takes 32 bytes. */
const MIN_EXT_HEADER = 24;
const CORE_EXT_HEADER = 32;

/** Where a table lies, in bytes from the end of the header. */
interface Placed {
  readonly off: number;
  readonly len: number;
}

/**
 * Reads a `.BTF.ext` section of either byte order. Ids, string offsets and instruction offsets are taken as they are; version and
 * flags too. Errors (LX-01 to LX-12 of libbpf, and overlapping tables): `BTF_EXT_TRUNCATED`, `BTF_EXT_MALFORMED`.
 */
export function parseBtfExt(bytes: Uint8Array): BtfExt {
  const littleEndian = byteOrder(bytes);
  if (bytes.length < HEADER_START) truncatedExt("the header", 0, MIN_EXT_HEADER, bytes.length);
  if (littleEndian === undefined) malformedExt("the magic is not 0xeb9f in either byte order", 0, 2);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getUint32(4, littleEndian);
  if (headerLength < MIN_EXT_HEADER) malformedExt(`hdr_len is ${headerLength}, less than ${MIN_EXT_HEADER}`, 4, 4);
  if (headerLength > bytes.length) truncatedExt("the header", 0, headerLength, bytes.length);
  const header = bytes.subarray(HEADER_START, headerLength);
  const placed = placements(header, littleEndian);
  const input = { bytes, view, littleEndian };
  const range = (index: number): { start: number; end: number } => {
    const { off, len } = placed[index] ?? { off: 0, len: 0 };
    const start = headerLength + off;
    if (len === 0) return { start, end: start };
    if (off % 4 !== 0)
      malformedExt(`a table starts at ${off}, which is not a multiple of 4`, HEADER_START + index * 8, 4);
    if (start + len > bytes.length) truncatedExt("a table", start, len, bytes.length);
    return { start, end: start + len };
  };
  const funcInfo = parseTable(input, FUNC_INFO, range(0));
  const lineInfo = parseTable(input, LINE_INFO, range(1));
  const coreRelo = parseTable(input, CORE_RELO, range(2));
  const gaps = findGaps(bytes.subarray(headerLength), placed);
  const [version, flags] = [bytes[2] ?? 0, bytes[3] ?? 0];
  const ext: BtfExt = { littleEndian, version, flags, header, funcInfo, lineInfo, coreRelo };
  return gaps === undefined ? ext : { ...ext, gaps };
}

/**
 * Writes a `.BTF.ext`: for an unedited one exactly the bytes that `parseBtfExt` read. Tables stay in the order in which they lie, a
 * table that the blob did not have comes last, and the header grows for core_relo. Error: `LIMIT_EXCEEDED`.
 */
export function encodeBtfExt(ext: BtfExt): Uint8Array {
  const { littleEndian } = ext;
  const tables = [
    encodeTable(ext.funcInfo, FUNC_INFO, littleEndian),
    encodeTable(ext.lineInfo, LINE_INFO, littleEndian),
    encodeTable(ext.coreRelo, CORE_RELO, littleEndian),
  ];
  const least = ext.coreRelo === undefined ? MIN_EXT_HEADER : CORE_EXT_HEADER;
  const headerLength = Math.max(least, HEADER_START + ext.header.length);
  const found = placements(ext.header, littleEndian);
  const chunks: Uint8Array[] = [];
  const offsets: number[] = [];
  let at = 0;
  const put = (chunk: Uint8Array | undefined): void => {
    if (chunk === undefined) return;
    chunks.push(chunk);
    at += chunk.length;
  };
  // The blob's own tables keep their order and the gaps before them; a dropped one leaves its gap.
  const order = inOrder(found);
  order.forEach((index, position) => {
    put(ext.gaps?.[position]);
    offsets[index] = at;
    put(tables[index]);
  });
  tables.forEach((table, index) => {
    if (order.includes(index)) return;
    // Nothing here before and nothing now: the offset says nothing and stays, moved along with the tables before it.
    const isFresh = order.length === 0 && tables.some(({ length }) => length > 0);
    offsets[index] = table.length > 0 || isFresh ? at : movedOffset(found, tables, index);
    put(table);
  });
  put(ext.gaps?.[order.length]);

  const bytes = new Uint8Array(headerLength + at);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, BTF_MAGIC, littleEndian);
  view.setUint8(2, ext.version);
  view.setUint8(3, ext.flags);
  view.setUint32(4, headerLength, littleEndian);
  bytes.set(ext.header, HEADER_START);
  tables.forEach((table, index) => {
    const field = HEADER_START + index * 8;
    if (field + 8 > headerLength || (index === 2 && headerLength < CORE_EXT_HEADER)) return;
    view.setUint32(field, offsets[index] ?? 0, littleEndian);
    view.setUint32(field + 4, table.length, littleEndian);
  });
  let end = headerLength;
  for (const chunk of chunks) {
    bytes.set(chunk, end);
    end += chunk.length;
  }
  return bytes;
}

/** Offsets and lengths of func_info, line_info and core_relo; zeros for what the header is too short to hold. */
function placements(header: Uint8Array, littleEndian: boolean): readonly Placed[] {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  return [0, 8, 16].map((at) =>
    at + 8 > header.length
      ? { off: 0, len: 0 }
      : { off: view.getUint32(at, littleEndian), len: view.getUint32(at + 4, littleEndian) },
  );
}

/** Indices of the tables that have bytes, by where they lie. */
function inOrder(placed: readonly Placed[]): readonly number[] {
  const filled = placed.flatMap(({ len }, index) => (len > 0 ? [index] : []));
  return filled.sort((a, b) => (placed[a]?.off ?? 0) - (placed[b]?.off ?? 0));
}

function findGaps(data: Uint8Array, placed: readonly Placed[]): readonly Uint8Array[] | undefined {
  const gaps: Uint8Array[] = [];
  let end = 0;
  for (const index of inOrder(placed)) {
    const { off, len } = placed[index] ?? { off: 0, len: 0 };
    if (off < end) malformedExt("two tables overlap", HEADER_START + index * 8, 8);
    gaps.push(data.subarray(end, off));
    end = off + len;
  }
  gaps.push(data.subarray(end));
  return gaps.some((gap) => gap.length > 0) ? gaps : undefined;
}

/** Offset of an empty table after the tables that ended before it have changed their lengths. */
function movedOffset(found: readonly Placed[], tables: readonly Uint8Array[], index: number): number {
  const { off } = found[index] ?? { off: 0 };
  return found.reduce((sum, { off: start, len }, other) => {
    const ends = len > 0 && start + len <= off;
    return ends ? sum + (tables[other]?.length ?? 0) - len : sum;
  }, off);
}

function truncatedExt(what: string, offset: number, length: number, available: number): never {
  const span = { section: ".BTF.ext", offset, length };
  throw new BtfFixError("BTF_EXT_TRUNCATED", `.BTF.ext ends at byte ${available}, inside ${what}`, span);
}
