import fc from "fast-check";
import { expect, test } from "vitest";
import { dedupBtf } from "../../src/btf/dedup.ts";
import { encodeBtf } from "../../src/btf/encode.ts";
import { encodeBtfExt, parseBtfExt } from "../../src/btf/ext.ts";
import type { BtfExt } from "../../src/btf/ext-model.ts";
import { type BtfPart, concatenatedParts, mergeBtf } from "../../src/btf/merge.ts";
import type { Btf, BtfType } from "../../src/btf/model.ts";
import { nameText } from "../../src/btf/names.ts";
import { parseBtf } from "../../src/btf/parse.ts";
import { mapNames, mapReferences, references } from "../../src/btf/walk.ts";
import { bpftool } from "../judges/bpftool.ts";
import { clang } from "../judges/c-object.ts";
import { dedup17, libbpfDedup } from "../judges/dedup.ts";
import { judgeTest } from "../judges/judge-test.ts";
import { arbitraryBlob } from "./arbitrary.ts";
import { concat } from "./assemble.ts";
import { arbitraryReferring } from "./duplicated.ts";
import { gnuLd, linkBoth } from "./linked.ts";
import { graphDifference } from "./same-graph.ts";

/** The record without ids and with its names read. */
function content(btf: Btf, type: BtfType | undefined): unknown {
  if (type === undefined) return undefined;
  const names: string[] = [];
  const record = mapNames(
    mapReferences(type, () => 0),
    (nameOff) => names.push(nameText(btf, nameOff)) * 0,
  );
  return { record, names };
}

test("each type is there once more, with its names and what it refers to", () => {
  const parts = fc
    .boolean()
    .chain((littleEndian) => fc.array(arbitraryReferring({ littleEndian }), { minLength: 1, maxLength: 4 }));
  fc.assert(
    fc.property(parts, (list) => {
      const { btf, ext, idMaps } = mergeBtf(list);
      list.forEach(({ btf: part }, index) => {
        part.types.forEach((type, at) => {
          if (type.kind === "datasec") return;
          const id = idMaps[index]?.[at + 1] ?? 0;
          const merged = btf.types[id - 1];
          expect(content(btf, merged)).toEqual(content(part, type));
          expect(merged && references(merged)).toEqual(references(type).map((old) => idMaps[index]?.[old]));
        });
      });
      const records = (of: BtfExt | undefined): number =>
        [of?.funcInfo, of?.lineInfo, of?.coreRelo].reduce(
          (all, table) => (table?.sections ?? []).reduce((sum, section) => sum + section.records.length, all),
          0,
        );
      expect(records(ext)).toBe(list.reduce((sum, part) => sum + records(part.ext), 0));
      expect(parseBtf(encodeBtf(btf)).types).toEqual(btf.types);
    }),
  );
});

judgeTest(dedup17())("libbpf takes what is merged", () => {
  const parts = fc.array(arbitraryReferring({ littleEndian: true }), { minLength: 2, maxLength: 4 });
  const merged = fc.sample(parts, 100).map((list) => mergeBtf(list));
  const theirs = libbpfDedup(
    "dedup17",
    merged.map(({ btf, ext }) => ({ btf: encodeBtf(btf), ...(ext === undefined ? {} : { ext: encodeBtfExt(ext) }) })),
  );
  merged.forEach(({ btf, ext }, index) => {
    expect(theirs[index]?.errno).toBe(0);
    const ours = dedupBtf(btf, ext);
    expect(encodeBtf(ours.btf)).toEqual(theirs[index]?.btf);
    if (ours.ext !== undefined) expect(encodeBtfExt(ours.ext)).toEqual(theirs[index]?.ext);
  });
});

test("a section of several blobs falls into them, whatever zeros lie between", () => {
  const blobs = fc.boolean().chain((littleEndian) =>
    fc.array(fc.tuple(arbitraryBlob({ littleEndian, maxTypes: 6 }), fc.constantFrom(0, 4, 12)), {
      minLength: 1,
      maxLength: 5,
    }),
  );
  fc.assert(
    fc.property(blobs, (list) => {
      const section = concat(
        list.flatMap(([{ bytes }, zeros], index) => {
          const isLast = index === list.length - 1;
          return [bytes, new Uint8Array(isLast ? 0 : (-bytes.length & 3) + zeros)];
        }),
      );
      const parts = concatenatedParts(section);
      expect(parts.map(({ btf }) => encodeBtf(btf))).toEqual(list.map(([{ bytes }]) => bytes));
    }),
  );
});

const program = (name: string, value: number): string => `
#define SEC(name) __attribute__((section(name), used))
typedef unsigned int u32;
typedef unsigned long long u64;
struct inner { u64 a; struct outer *out; };
struct outer { u32 tag; struct inner in[2]; enum { ONE, TWO } kind; };
struct { int (*type)[1]; int (*max_entries)[${value}]; u32 *key; struct outer *value; } map_${name} SEC(".maps");
static void *(*lookup)(void *map, const void *key) = (void *)1;
u64 counter_${name};
u32 start_${name} = ${value};
SEC("xdp") int ${name}(void *ctx) {
  u32 key = 0;
  struct outer *found = lookup(&map_${name}, &key);
  if (found) counter_${name} += found->in[1].a + found->kind;
  return start_${name};
}
`;

const judges = judgeTest(clang(), gnuLd(), bpftool());

judges("what GNU ld concatenates becomes what bpftool links", () => {
  const names = ["first", "second", "third"];
  const { gnu, bpftool: theirs } = linkBoth(names.map((name, index) => program(name, index + 2)));
  const parts: readonly BtfPart[] = concatenatedParts(gnu.btf, gnu.ext).map((part, index) => ({
    ...part,
    // The one function of each program starts where its piece of the section does.
    sectionStart: (section) => (section === "xdp" ? (gnu.symbols.get(names[index] ?? "") ?? 0) : 0),
  }));
  expect(parts).toHaveLength(names.length);
  const merged = mergeBtf(parts);
  const ours = dedupBtf(merged.btf, merged.ext);
  const linked = parseBtf(theirs.btf);
  // bpftool lays the sections out, which libbpf does for ours when it opens the object.
  expect(graphDifference(withoutLayout(ours.btf), withoutLayout(linked))).toBeUndefined();
  const ext = parseBtfExt(theirs.ext);
  expect(places(ours.btf, ours.ext)).toEqual(places(linked, ext));
  expect(places(linked, ext)).toHaveLength(names.length);
  expect(ours.ext?.lineInfo?.sections.map(({ records }) => records.map(({ insnOff }) => insnOff))).toEqual(
    ext.lineInfo?.sections.map(({ records }) => records.map(({ insnOff }) => insnOff)),
  );
});

function withoutLayout(btf: Btf): Btf {
  const types = btf.types.map((type) =>
    type.kind === "datasec"
      ? { ...type, size: 0, entries: type.entries.map((entry) => ({ ...entry, offset: 0 })) }
      : type,
  );
  return { ...btf, types };
}

/** Section, instruction and name of each function. */
function places(btf: Btf, ext: BtfExt | undefined): unknown[] {
  return (ext?.funcInfo?.sections ?? []).flatMap(({ secNameOff, records }) =>
    records.map(({ insnOff, typeId }) => [
      nameText(btf, secNameOff),
      insnOff,
      nameText(btf, btf.types[typeId - 1]?.nameOff ?? 0),
    ]),
  );
}

const strings = { bytes: new Uint8Array([0, 46, 97, 0, 46, 98, 0]) };
const [A, B] = [1, 4];

function blob(...types: readonly BtfType[]): Btf {
  return { littleEndian: true, types, firstId: 1, strings, base: undefined, wire: undefined };
}

const int: BtfType = { kind: "int", nameOff: A, size: 4, bits: 32, bitOffset: 0, encoding: 0 };
const variable: BtfType = { kind: "var", nameOff: B, type: 1, linkage: 1 };
const datasec = (nameOff: number, size: number, ...offsets: readonly number[]): BtfType => ({
  kind: "datasec",
  nameOff,
  size,
  entries: offsets.map((offset) => ({ type: 2, offset, size: 4 })),
});

test("DATASECs of one name are one, laid out if all of them are", () => {
  const sectionStart = (section: string): number => (section === ".a" ? 16 : 0);
  const first = { btf: blob(int, variable, datasec(A, 12, 8, 0), datasec(B, 0, 0)) };
  const second = { btf: blob(int, variable, datasec(B, 4, 0), datasec(A, 4, 0)), sectionStart };
  const { btf, idMaps } = mergeBtf([first, second]);
  expect(idMaps.map((map) => [...map])).toEqual([
    [0, 1, 2, 3, 4],
    [0, 5, 6, 4, 3],
  ]);
  expect(btf.types.filter((type) => type.kind === "datasec")).toEqual([
    {
      kind: "datasec",
      nameOff: A,
      size: 20,
      entries: [
        { type: 2, offset: 0, size: 4 },
        { type: 2, offset: 8, size: 4 },
        { type: 6, offset: 16, size: 4 },
      ],
    },
    {
      kind: "datasec",
      nameOff: B,
      size: 0,
      entries: [
        { type: 2, offset: 0, size: 4 },
        { type: 6, offset: 0, size: 4 },
      ],
    },
  ]);
});

function ext(recordSize: number, ...instructions: readonly number[]): BtfExt {
  const rest = new Uint8Array(recordSize - 8).fill(7);
  const record = (insnOff: number): object =>
    rest.length === 0 ? { insnOff, typeId: 1 } : { insnOff, typeId: 1, rest };
  const records = instructions.map(record) as { insnOff: number; typeId: number }[];
  return {
    littleEndian: true,
    version: 1,
    flags: 0,
    header: new Uint8Array(16),
    funcInfo: { recordSize, sections: [{ secNameOff: A, records }] },
    lineInfo: undefined,
    coreRelo: undefined,
  };
}

test("records of one code section are in one block, in order, and of one size", () => {
  const merged = mergeBtf([
    { btf: blob(int), ext: ext(8, 0, 24), sectionStart: () => 40 },
    { btf: blob(int) },
    { btf: blob(int), ext: ext(12, 8) },
  ]);
  expect(merged.ext?.funcInfo).toEqual({
    recordSize: 12,
    sections: [
      {
        secNameOff: A,
        records: [
          { insnOff: 8, typeId: 3, rest: new Uint8Array([7, 7, 7, 7]) },
          { insnOff: 40, typeId: 1, rest: new Uint8Array(4) },
          { insnOff: 64, typeId: 1, rest: new Uint8Array(4) },
        ],
      },
    ],
  });
});

test("what cannot be merged is refused, what leads out of its blob is malformed", () => {
  const code = (...parts: readonly BtfPart[]): unknown => {
    try {
      mergeBtf(parts);
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
    return undefined;
  };
  const good = { btf: blob(int) };
  expect(code()).toBe("REFUSED");
  expect(code(good, { btf: { ...blob(int), littleEndian: false } })).toBe("REFUSED");
  expect(code(good, { btf: { ...blob(int), base: blob(int), firstId: 2 } })).toBe("REFUSED");
  expect(code({ btf: blob(int, { ...variable, type: 3 } as BtfType) }, good)).toBe("BTF_MALFORMED");
  expect(code({ btf: blob({ ...int, nameOff: 7 }) }, good)).toBe("BTF_MALFORMED");
  expect(code({ btf: blob(), ext: ext(8, 0) }, good)).toBe("BTF_EXT_MALFORMED");
  expect(() =>
    concatenatedParts(encodeBtf(blob(int)), concat([encodeBtfExt(ext(8, 0)), encodeBtfExt(ext(8, 8))])),
  ).toThrow("1 blobs in .BTF and 2 in .BTF.ext cannot be put together");
});

test("any bytes: parts or one error", () => {
  const bytes = fc.array(fc.oneof(fc.constant(new Uint8Array([0x9f, 0xeb, 1, 0, 24, 0, 0, 0])), fc.uint8Array()));
  fc.assert(
    fc.property(bytes, bytes, (btf, more) => {
      try {
        mergeBtf(concatenatedParts(concat(btf), concat(more)));
      } catch (error) {
        expect((error as Error).name).toBe("BtfFixError");
      }
    }),
  );
});
