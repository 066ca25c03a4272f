import fc from "fast-check";
import type { Btf } from "../../src/btf/model.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { assemble, stringTable, type WireBlob, type WireRecord } from "./assemble.ts";
import { type Draft, plausibleRecords } from "./plausible.ts";

export interface BlobOptions {
  /** Both byte orders by default. */
  readonly littleEndian?: boolean;
  /** Most types besides the two that a plausible blob starts with; 24 by default. */
  readonly maxTypes?: number;
  /**
   * `plausible` (default): identifiers, and types as a compiler could have made them. `wild`: names of any bytes, name offsets into the
   * middle of strings and past the table, ids of no type, every unused bit set at random.
   */
  readonly style?: "plausible" | "wild";
  /** Headers longer than 24 bytes, odd version and flags, and bytes between the sections and after them. */
  readonly odd?: boolean;
  /** A layout section and records of kinds 20 to 22 (kernels from 7.2). */
  readonly layout?: boolean;
  /** vlen of more than 16 bits where no list hangs on it. */
  readonly wideVlen?: boolean;
}

/** A well-formed blob laid out by `assemble.ts`, and what it was laid out from. */
export interface GeneratedBlob {
  readonly bytes: Uint8Array;
  readonly wire: WireBlob;
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const identifier = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/);
/** Names as Rust, and as nobody, writes them: brackets, quotes, control characters, bytes that are not UTF-8. */
const anyName = fc.oneof(
  identifier,
  fc.constantFrom("HashMap<u32, u32>", "\"q'\\", "tab\tnl\ncr\rff\fbs\bdel\x7f", "&str", "größe", "{closure#0}"),
  fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => bytes.map((byte) => (byte === 0 ? 1 : byte))),
);

const draft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.integer({ min: 1, max: 19 }),
  flag: fc.boolean(),
  name: u32,
  pick: u32,
  list: fc.array(fc.tuple(u32, u32, u32), { maxLength: 5 }),
});

/** Words of each list entry of the kinds that have one, and of the fixed part of the others. */
const ENTRY_WORDS: Readonly<Record<number, number>> = { 4: 3, 5: 3, 6: 2, 13: 2, 15: 3, 19: 3 };
const FIXED_WORDS: Readonly<Record<number, number>> = { 1: 1, 3: 3, 14: 1, 17: 1 };

/** info_sz and elem_sz of the kinds 0 to 22 in bytes; the last three are of our making. */
const LAYOUT: readonly (readonly [number, number, number])[] = Array.from({ length: 23 }, (_, kind) =>
  kind > 19
    ? ([(kind - 19) * 4, (kind % 3) * 4, kind * 257] as const)
    : ([(FIXED_WORDS[kind] ?? 0) * 4, (ENTRY_WORDS[kind] ?? 0) * 4, 0] as const),
);

/** A number that is one of few small ones, or any. */
function roughly(limit: number): fc.Arbitrary<number> {
  return fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: limit }) }, { weight: 1, arbitrary: u32 });
}

function wildRecord(tableLength: number, options: BlobOptions): fc.Arbitrary<WireRecord> {
  const number = roughly(Math.max(40, tableLength + 4));
  return fc.integer({ min: 1, max: options.layout === true ? 22 : 19 }).chain((kind) => {
    const [infoSize = 0, elemSize = 0] = LAYOUT[kind] ?? [];
    const maxVlen = elemSize > 0 ? 6 : options.wideVlen === true ? 0xff_ffff : 0xffff;
    return fc
      .oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 6 }) }, fc.integer({ min: 0, max: maxVlen }))
      .chain((vlen) => {
        const length = (infoSize + elemSize * vlen) / 4;
        return fc.record({
          nameOff: number,
          kind: fc.constant(kind),
          vlen: fc.constant(vlen),
          kindFlag: fc.boolean(),
          sizeOrType: number,
          words: fc.array(number, { minLength: length, maxLength: length }),
        });
      });
  });
}

function contents(options: BlobOptions): fc.Arbitrary<Pick<WireBlob, "records" | "strings">> {
  const maxLength = options.maxTypes ?? 24;
  if (options.style === "wild") {
    return fc.array(anyName, { maxLength: 12 }).chain((names) => {
      const strings = stringTable(names).bytes;
      return fc.record({
        records: fc.array(wildRecord(strings.length, options), { maxLength, size: "max" }),
        strings: fc.constant(strings),
      });
    });
  }
  const names = fc.array(identifier, { minLength: 1, maxLength: 12 });
  return fc.tuple(names, fc.array(draft, { maxLength, size: "max" })).map(([list, drafts]) => {
    const { bytes, offsets } = stringTable(list);
    return { records: plausibleRecords(drafts, offsets), strings: bytes };
  });
}

const aligned = fc
  .integer({ min: 0, max: 3 })
  .chain((words) => fc.uint8Array({ minLength: words * 4, maxLength: words * 4 }));
const someBytes = fc.uint8Array({ maxLength: 9 });

function oddities(options: BlobOptions): fc.Arbitrary<Partial<WireBlob>> {
  if (options.odd !== true) return fc.constant({});
  return fc.record({
    version: fc.constantFrom(1, 0, 255),
    flags: fc.constantFrom(0, 1, 255),
    // Words 24 to 31 are layout_off and layout_len: without a layout they are zero, or the header ends before.
    moreHeader:
      options.layout === true ? someBytes : someBytes.map((bytes) => Uint8Array.from([...new Uint8Array(8), ...bytes])),
    gaps: fc
      .tuple(aligned, aligned, someBytes, someBytes)
      .map(([a, b, c, d]): readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array] => [a, b, c, d]),
  });
}

/** Well-formed blobs of all 19 kinds: what libbpf's `btf__new` walks. */
export function arbitraryBlob(options: BlobOptions = {}): fc.Arbitrary<GeneratedBlob> {
  const order = options.littleEndian === undefined ? fc.boolean() : fc.constant(options.littleEndian);
  return fc.tuple(order, contents(options), oddities(options)).map(([littleEndian, content, odd]) => {
    const wire: WireBlob = { littleEndian, ...content, ...odd, ...(options.layout === true ? { layout: LAYOUT } : {}) };
    return { bytes: assemble(wire), wire };
  });
}

/** The same as models, through `parseBtf`. */
export function arbitraryBtf(options: BlobOptions = {}): fc.Arbitrary<Btf> {
  return arbitraryBlob(options).map(({ bytes }) => parseBtf(bytes));
}

/** A base and a split blob on top of it, whose references and names reach into the base. */
export function arbitrarySplit(options: BlobOptions = {}): fc.Arbitrary<{ base: Uint8Array; split: Uint8Array }> {
  return fc.boolean().chain((littleEndian) =>
    fc.record({
      base: arbitraryBlob({ ...options, littleEndian }).map(({ bytes }) => bytes),
      split: arbitraryBlob({ ...options, littleEndian, style: "wild" }).map(({ bytes }) => bytes),
    }),
  );
}
