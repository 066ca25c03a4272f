import fc from "fast-check";
import { concat, words } from "./assemble.ts";

/** One table as words: record size, and per section the name's offset and the records. */
export interface WireTable {
  readonly recordSize: number;
  readonly sections: readonly { readonly name: number; readonly records: readonly (readonly number[])[] }[];
}

export interface WireExt {
  readonly littleEndian: boolean;
  /** func_info, line_info, core_relo. */
  readonly tables: readonly (WireTable | undefined)[];
  /** Which table comes first in the section, which then. */
  readonly order: readonly number[];
  /** Bytes before each table by position, and after the last; multiples of 4 but for the last. */
  readonly gaps: readonly Uint8Array[];
  /** Header bytes after the offsets and lengths of func_info and line_info; the first eight are core_relo's if there are as many. */
  readonly moreHeader: Uint8Array;
}

/** The section of these tables, laid out independently of `src/btf`. */
export function assembleExt(ext: WireExt): Uint8Array {
  const { littleEndian } = ext;
  const tables = ext.tables.map((table) =>
    table === undefined
      ? new Uint8Array(0)
      : words(
          [
            table.recordSize,
            ...table.sections.flatMap(({ name, records }) => [name, records.length, ...records.flat()]),
          ],
          littleEndian,
        ),
  );
  const placed: number[] = [];
  const parts: Uint8Array[] = [];
  let at = 0;
  const put = (part: Uint8Array | undefined): void => {
    if (part === undefined) return;
    parts.push(part);
    at += part.length;
  };
  ext.order.forEach((index, position) => {
    put(ext.gaps[position]);
    placed[index] = at;
    put(tables[index]);
  });
  put(ext.gaps[ext.order.length]);
  const place = (index: number): number[] => [placed[index] ?? 0, tables[index]?.length ?? 0];
  const core = ext.moreHeader.length < 8 ? new Uint8Array(0) : words(place(2), littleEndian);
  const more = concat([core, ext.moreHeader.subarray(core.length)]);
  return concat([
    Uint8Array.from(littleEndian ? [0x9f, 0xeb, 1, 0] : [0xeb, 0x9f, 1, 0]),
    words([24 + more.length, ...place(0), ...place(1)], littleEndian),
    more,
    ...parts,
  ]);
}

function table(known: number): fc.Arbitrary<WireTable | undefined> {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const filled = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 })).chain((extra) => {
    const length = known + extra;
    const record = fc.array(u32, { minLength: length, maxLength: length });
    const section = fc.record({ name: u32, records: fc.array(record, { minLength: 1, maxLength: 4 }) });
    return fc.record({
      recordSize: fc.constant(length * 4),
      sections: fc.array(section, { minLength: 1, maxLength: 3 }),
    });
  });
  return fc.option(filled, { nil: undefined, freq: 4 });
}

/** Well-formed `.BTF.ext` sections: any order of tables, gaps, header sizes of 24, 32 and more, and records larger than known. */
export function arbitraryExt(): fc.Arbitrary<{ bytes: Uint8Array; wire: WireExt }> {
  const aligned = fc
    .constantFrom(0, 0, 0, 4, 8)
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  return fc
    .record({
      littleEndian: fc.boolean(),
      tables: fc.tuple(table(2), table(4), table(4)),
      order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
      gaps: fc.tuple(aligned, aligned, aligned, fc.uint8Array({ maxLength: 5 })),
      moreHeader: fc.uint8Array({ maxLength: 20 }),
    })
    .map((wire) => {
      const tables = wire.moreHeader.length < 8 ? [wire.tables[0], wire.tables[1]] : wire.tables;
      const order = wire.order.filter((index) => index < tables.length);
      const ext = { ...wire, tables, order };
      return { bytes: assembleExt(ext), wire: ext };
    });
}
