import { HEADER_START, malformed, readHeader } from "./header.ts";
import { BASE_SIZE, codecOf, MAX_NARROW_VLEN } from "./kind.ts";
import { type KindUses, RecordInput } from "./kinds/codec.ts";
import { parseLayout } from "./layout.ts";
import type { Btf, BtfGaps, BtfType, BtfWire, KindLayout, UnusedWords } from "./model.ts";

/**
 * Reads a `.BTF` blob of either byte order; with `base`, as split BTF whose ids and string offsets go on where the base ends.
 *
 * Taken is whatever libbpf's `btf__new` can walk: nothing is said about ids, names or sizes, which are matters of the rules. Errors:
 * `BTF_TRUNCATED`, `BTF_MALFORMED`, with a span in section ".BTF". The result's strings are a view of `bytes`.
 */
export function parseBtf(bytes: Uint8Array, base?: Btf): Btf {
  const header = readHeader(bytes, base !== undefined);
  const { littleEndian, headerLength } = header;
  const typeStart = headerLength + header.typeOff;
  const typeEnd = typeStart + header.typeLen;
  const strStart = headerLength + header.strOff;
  const strEnd = strStart + header.strLen;
  const layoutStart = headerLength + header.layoutOff;
  const layoutEnd = layoutStart + header.layoutLen;
  const hasLayout = header.layoutLen > 0;
  const layout = hasLayout ? parseLayout(bytes.subarray(layoutStart, layoutEnd), littleEndian) : undefined;
  const firstId = base === undefined ? 1 : base.firstId + base.types.length;
  const records = parseTypes(bytes, { littleEndian, start: typeStart, end: typeEnd, firstId, layout });
  const gaps = withoutEmpty({
    beforeTypes: bytes.subarray(headerLength, typeStart),
    afterTypes: bytes.subarray(typeEnd, hasLayout ? layoutStart : strStart),
    afterLayout: hasLayout ? bytes.subarray(layoutEnd, strStart) : new Uint8Array(0),
    afterStrings: bytes.subarray(strEnd),
  });
  const wire: BtfWire = {
    version: bytes[2] ?? 0,
    flags: bytes[3] ?? 0,
    header: bytes.subarray(HEADER_START, headerLength),
    layout,
    ...(records.wideVlen ? { wideVlen: true } : {}),
    ...(gaps === undefined ? {} : { gaps }),
  };
  return {
    littleEndian,
    types: records.types,
    firstId,
    strings: { bytes: bytes.subarray(strStart, strEnd) },
    base,
    wire,
  };
}

const parsed = new WeakMap<Uint8Array, Btf>();

/** The same as `parseBtf`, once for a view of bytes that nobody changes: the judges of an object each begin with its `.BTF`. */
export function parseBtfOnce(bytes: Uint8Array): Btf {
  const btf = parsed.get(bytes) ?? parseBtf(bytes);
  parsed.set(bytes, btf);
  return btf;
}

interface TypeSection {
  readonly littleEndian: boolean;
  /** First byte and end of the section in the blob. */
  readonly start: number;
  readonly end: number;
  readonly firstId: number;
  readonly layout: readonly KindLayout[] | undefined;
}

interface TypeRecords {
  readonly types: BtfType[];
  readonly wideVlen: boolean;
}

function parseTypes(bytes: Uint8Array, section: TypeSection): TypeRecords {
  const { littleEndian, end } = section;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const input = new RecordInput(view, littleEndian);
  const types: BtfType[] = [];
  let wideVlen = false;
  let at = section.start;
  while (at < end) {
    if (end - at < BASE_SIZE) outgrown(section, types.length, at, BASE_SIZE);
    const info = view.getUint32(at + 4, littleEndian);
    // Bits 16-23 and 29-30 were reserved before kernel 7.2, where they became part of vlen and kind.
    const vlen = info & 0xff_ffff;
    const kindNumber = (info >>> 24) & 0x7f;
    const codec = codecOf(kindNumber);
    const sizes = codec ?? unknownSizes(section, types.length, at, kindNumber);
    const size = BASE_SIZE + sizes.infoSize + sizes.elemSize * vlen;
    if (size > end - at) outgrown(section, types.length, at, size);
    input.nameOff = view.getUint32(at, littleEndian);
    input.vlen = vlen;
    input.kindFlag = info >= 0x8000_0000;
    input.sizeOrType = view.getUint32(at + 8, littleEndian);
    input.tail = at + BASE_SIZE;
    if (vlen > MAX_NARROW_VLEN) wideVlen = true;
    if (codec === undefined) {
      const { nameOff, kindFlag, sizeOrType } = input;
      const tail = bytes.subarray(input.tail, at + size);
      types.push({ kind: "unknown", nameOff, kindNumber, vlen, kindFlag, sizeOrType, tail });
    } else {
      types.push(withUnused(codec.decode(input), input, codec.uses));
    }
    at += size;
  }
  return { types, wideVlen };
}

/** Size of a kind that only the layout section knows (LB-13, LB-14). */
function unknownSizes(section: TypeSection, index: number, at: number, kindNumber: number): KindLayout {
  const sizes = section.layout?.[kindNumber];
  if (kindNumber === 0 || sizes === undefined) {
    malformed(`type [${section.firstId + index}] has the unknown kind ${kindNumber}`, at + 4, 4);
  }
  if (sizes.infoSize % 4 !== 0 || sizes.elemSize % 4 !== 0) {
    malformed(`the layout gives kind ${kindNumber} sizes that are no multiple of 4`, at + 4, 4);
  }
  return sizes;
}

/** Keeps the bits that the kind gives no meaning, so that encoding gives them back. */
function withUnused(type: BtfType, input: RecordInput, uses: KindUses): BtfType {
  const vlen = uses.vlen ? 0 : input.vlen;
  const kindFlag = !uses.kindFlag && input.kindFlag;
  const sizeOrType = uses.sizeOrType ? 0 : input.sizeOrType;
  if (vlen === 0 && !kindFlag && sizeOrType === 0) return type;
  const unused: UnusedWords = {
    ...type.unused,
    ...(vlen === 0 ? {} : { vlen }),
    ...(kindFlag ? { kindFlag } : {}),
    ...(sizeOrType === 0 ? {} : { sizeOrType }),
  };
  return { ...type, unused };
}

function outgrown(section: TypeSection, index: number, at: number, size: number): never {
  const room = section.end - at;
  malformed(`type [${section.firstId + index}] takes ${size} bytes, but its section has ${room} left`, at, room);
}

function withoutEmpty(gaps: BtfGaps): BtfGaps | undefined {
  return Object.values(gaps).some((gap: Uint8Array) => gap.length > 0) ? gaps : undefined;
}
