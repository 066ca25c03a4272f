/** Lays out BTF from words, independently of `src/btf`: what the codecs are judged by. Shapes as in Documentation/bpf/btf.rst. */

export interface WireRecord {
  readonly nameOff: number;
  readonly kind: number;
  readonly vlen: number;
  readonly kindFlag: boolean;
  readonly sizeOrType: number;
  /** The words after the three base words, as unsigned numbers. */
  readonly words: readonly number[];
}

export interface WireBlob {
  readonly littleEndian: boolean;
  readonly records: readonly WireRecord[];
  readonly strings: Uint8Array;
  readonly version?: number;
  readonly flags?: number;
  /** Header bytes after str_len. With a layout, the first eight are made here and these follow. */
  readonly moreHeader?: Uint8Array;
  /** Per kind: info_sz, elem_sz, flags. */
  readonly layout?: readonly (readonly [number, number, number])[];
  /** Bytes before the types (a multiple of 4), after them (likewise if a layout follows), after the layout, after the strings. */
  readonly gaps?: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
}

const none = new Uint8Array(0);

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** 32-bit words in the byte order of the blob. */
export function words(values: readonly number[], littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => {
    view.setUint32(index * 4, value, littleEndian);
  });
  return new Uint8Array(view.buffer);
}

/** `\0name\0name\0…` and where each name starts. */
export function stringTable(names: readonly (string | Uint8Array)[]): { bytes: Uint8Array; offsets: number[] } {
  const parts: Uint8Array[] = [new Uint8Array(1)];
  const offsets: number[] = [];
  let at = 1;
  for (const name of names) {
    const bytes = typeof name === "string" ? new TextEncoder().encode(name) : name;
    offsets.push(at);
    parts.push(bytes, new Uint8Array(1));
    at += bytes.length + 1;
  }
  return { bytes: concat(parts), offsets };
}

function recordWords(record: WireRecord): number[] {
  const info = record.vlen + record.kind * 2 ** 24 + (record.kindFlag ? 2 ** 31 : 0);
  return [record.nameOff, info, record.sizeOrType, ...record.words];
}

/** The blob of these records: header, types, layout if any, strings. */
export function assemble(blob: WireBlob): Uint8Array {
  const { littleEndian } = blob;
  const [beforeTypes, afterTypes, afterLayout, afterStrings] = blob.gaps ?? [none, none, none, none];
  const types = words(blob.records.flatMap(recordWords), littleEndian);
  const layout = concat(
    (blob.layout ?? []).map(([info, elem, flags]) =>
      Uint8Array.from([info, elem, ...(littleEndian ? [flags & 0xff, flags >> 8] : [flags >> 8, flags & 0xff])]),
    ),
  );
  const layoutOff = beforeTypes.length + types.length + afterTypes.length;
  const strOff = layoutOff + layout.length + afterLayout.length;
  const more = concat([
    blob.layout === undefined ? none : words([layoutOff, layout.length], littleEndian),
    blob.moreHeader ?? none,
  ]);
  const magic = littleEndian ? [0x9f, 0xeb] : [0xeb, 0x9f];
  return concat([
    Uint8Array.from([...magic, blob.version ?? 1, blob.flags ?? 0]),
    words([24 + more.length, beforeTypes.length, types.length, strOff, blob.strings.length], littleEndian),
    more,
    beforeTypes,
    types,
    afterTypes,
    layout,
    afterLayout,
    blob.strings,
    afterStrings,
  ]);
}
