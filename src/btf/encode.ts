import { BTF_MAGIC, HEADER_START, LAYOUT_HEADER, MIN_HEADER } from "./header.ts";
import { encodeRecord, recordSize } from "./kind.ts";
import { RecordOutput } from "./kinds/codec.ts";
import { encodeLayout } from "./layout.ts";
import type { Btf, BtfWire } from "./model.ts";
import type { TypeRecords } from "./type-records.ts";

const NOTHING = new Uint8Array(0);
const FRESH: BtfWire = { version: 1, flags: 0, header: new Uint8Array(MIN_HEADER - HEADER_START), layout: undefined };

/**
 * Writes a blob: for an unedited one exactly the bytes that `parseBtf` read, else the same with lengths and offsets recomputed.
 *
 * A layout section and a vlen of more than 16 bits are written only where the blob came with them, since kernels up to 6.18 refuse
 * both. Error: `LIMIT_EXCEEDED` if a number does not fit into its field.
 */
export function encodeBtf(btf: Btf): Uint8Array {
  const wire = btf.wire ?? FRESH;
  const { littleEndian } = btf;
  const layout = wire.layout === undefined ? NOTHING : encodeLayout(wire.layout, littleEndian);
  let typeLen = 0;
  for (const type of btf.types) typeLen += recordSize(type);
  const { beforeTypes, afterTypes, afterLayout, afterStrings } = wire.gaps ?? {
    beforeTypes: NOTHING,
    afterTypes: NOTHING,
    afterLayout: NOTHING,
    afterStrings: NOTHING,
  };
  const strings = btf.strings.bytes;
  const typeOff = beforeTypes.length;
  const layoutOff = typeOff + typeLen + afterTypes.length;
  const strOff = layoutOff + layout.length + afterLayout.length;
  const headerLen = headerLength(btf);
  const bytes = new Uint8Array(headerLen + strOff + strings.length + afterStrings.length);

  const output = new RecordOutput(bytes, headerLen + typeOff, littleEndian);
  const allow = { wideVlen: wire.wideVlen === true };
  let id = btf.firstId;
  for (const type of btf.types) {
    output.typeId = id++;
    encodeRecord(type, output, allow);
  }

  bytes.set(beforeTypes, headerLen);
  bytes.set(afterTypes, headerLen + typeOff + typeLen);
  bytes.set(layout, headerLen + layoutOff);
  bytes.set(afterLayout, headerLen + layoutOff + layout.length);
  bytes.set(strings, headerLen + strOff);
  bytes.set(afterStrings, headerLen + strOff + strings.length);
  const sections = { typeOff, typeLen, strOff, strLen: strings.length, layoutOff, layoutLen: layout.length };
  writeHeader(bytes, headerLen, littleEndian, wire, sections);
  return bytes;
}

/** The blob of new types and strings, with the header that LLVM writes. No type may be added to `types` any more. */
export function assembleBtf(types: TypeRecords, strings: Uint8Array, littleEndian: boolean): Uint8Array {
  const typeLen = types.length;
  const bytes = types.finish(strings);
  const sections = { typeOff: 0, typeLen, strOff: typeLen, strLen: strings.length, layoutOff: 0, layoutLen: 0 };
  writeHeader(bytes, MIN_HEADER, littleEndian, FRESH, sections);
  return bytes;
}

/** Byte offset of each own type's record from the start of the type section. */
export function typeOffsets(btf: Btf): Uint32Array {
  const offsets = new Uint32Array(btf.types.length);
  let at = 0;
  btf.types.forEach((type, index) => {
    offsets[index] = at;
    at += recordSize(type);
  });
  return offsets;
}

/** hdr_len: bytes from the start of the blob to where section offsets count from. */
export function headerLength(btf: Btf): number {
  if (btf.wire === undefined) return MIN_HEADER;
  const least = btf.wire.layout === undefined ? MIN_HEADER : LAYOUT_HEADER;
  return Math.max(least, HEADER_START + btf.wire.header.length);
}

/** Byte offset of the type section in the blob: `hdr_len` + `type_off`. Relocations of `.rel.BTF` count from the blob's start. */
export function typeSectionStart(btf: Btf): number {
  return headerLength(btf) + (btf.wire?.gaps?.beforeTypes.length ?? 0);
}

interface Sections {
  readonly typeOff: number;
  readonly typeLen: number;
  readonly strOff: number;
  readonly strLen: number;
  readonly layoutOff: number;
  readonly layoutLen: number;
}

function writeHeader(
  bytes: Uint8Array,
  length: number,
  littleEndian: boolean,
  wire: BtfWire,
  sections: Sections,
): void {
  const view = new DataView(bytes.buffer);
  bytes.set(wire.header, HEADER_START);
  view.setUint16(0, BTF_MAGIC, littleEndian);
  view.setUint8(2, wire.version);
  view.setUint8(3, wire.flags);
  view.setUint32(4, length, littleEndian);
  view.setUint32(8, sections.typeOff, littleEndian);
  view.setUint32(12, sections.typeLen, littleEndian);
  view.setUint32(16, sections.strOff, littleEndian);
  view.setUint32(20, sections.strLen, littleEndian);
  // A header shorter than 32 bytes may hold other bytes here; without a layout, layout_off says nothing and stays as found.
  if (length >= LAYOUT_HEADER) {
    if (wire.layout !== undefined) view.setUint32(24, sections.layoutOff, littleEndian);
    view.setUint32(28, sections.layoutLen, littleEndian);
  }
}
