import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBtfExt, parseBtfExt } from "../../src/btf/ext.ts";
import type { BtfExt } from "../../src/btf/ext-model.ts";
import { arbitraryExt, assembleExt, type WireExt } from "./arbitrary-ext.ts";

test("encoding undoes parsing", () => {
  fc.assert(
    fc.property(arbitraryExt(), ({ bytes }) => {
      expect(encodeBtfExt(parseBtfExt(bytes))).toEqual(bytes);
    }),
    { numRuns: 1000 },
  );
});

const none = new Uint8Array(0);
const wire: WireExt = {
  littleEndian: true,
  tables: [
    {
      recordSize: 8,
      sections: [
        {
          name: 5,
          records: [
            [0, 7],
            [16, 8],
          ],
        },
      ],
    },
    { recordSize: 20, sections: [{ name: 5, records: [[0, 1, 2, (12 << 10) | 3, 0xdead_beef]] }] },
    { recordSize: 16, sections: [{ name: 9, records: [[8, 3, 4, 12]] }] },
  ],
  order: [0, 1, 2],
  gaps: [none, none, none, none],
  moreHeader: new Uint8Array(8),
};

test.each([true, false])("records mean what their words say, little-endian %s", (littleEndian) => {
  const ext = parseBtfExt(assembleExt({ ...wire, littleEndian }));
  const rest = littleEndian ? Uint8Array.of(0xef, 0xbe, 0xad, 0xde) : Uint8Array.of(0xde, 0xad, 0xbe, 0xef);
  expect(ext).toEqual({
    littleEndian,
    version: 1,
    flags: 0,
    header: expect.any(Uint8Array),
    funcInfo: {
      recordSize: 8,
      sections: [
        {
          secNameOff: 5,
          records: [
            { insnOff: 0, typeId: 7 },
            { insnOff: 16, typeId: 8 },
          ],
        },
      ],
    },
    lineInfo: {
      recordSize: 20,
      sections: [{ secNameOff: 5, records: [{ insnOff: 0, fileNameOff: 1, lineOff: 2, lineCol: 12291, rest }] }],
    },
    coreRelo: {
      recordSize: 16,
      sections: [{ secNameOff: 9, records: [{ insnOff: 8, typeId: 3, accessStrOff: 4, kind: 12 }] }],
    },
  });
});

/** The same edit made to the model and to the words has to give the same bytes. */
function edited(tables: WireExt["tables"], edit: Partial<BtfExt>): void {
  for (const littleEndian of [true, false]) {
    const ext = parseBtfExt(assembleExt({ ...wire, littleEndian }));
    expect(encodeBtfExt({ ...ext, ...edit })).toEqual(assembleExt({ ...wire, littleEndian, tables }));
  }
}

test("a table that grows moves those after it", () => {
  const [, line, core] = wire.tables;
  edited(
    [
      {
        recordSize: 8,
        sections: [
          { name: 1, records: [[0, 1]] },
          {
            name: 2,
            records: [
              [8, 2],
              [24, 3],
            ],
          },
        ],
      },
      line,
      core,
    ],
    {
      funcInfo: {
        recordSize: 8,
        sections: [
          { secNameOff: 1, records: [{ insnOff: 0, typeId: 1 }] },
          {
            secNameOff: 2,
            records: [
              { insnOff: 8, typeId: 2 },
              { insnOff: 24, typeId: 3 },
            ],
          },
        ],
      },
    },
  );
});

test("a dropped table leaves the others", () => {
  const [func, , core] = wire.tables;
  edited([func, undefined, core], { lineInfo: undefined });
});

test("a section made from nothing has a header for what it holds", () => {
  const fresh: BtfExt = {
    littleEndian: true,
    version: 1,
    flags: 0,
    header: none,
    funcInfo: { recordSize: 8, sections: [{ secNameOff: 5, records: [{ insnOff: 0, typeId: 7 }] }] },
    lineInfo: undefined,
    coreRelo: undefined,
  };
  const func = { recordSize: 8, sections: [{ name: 5, records: [[0, 7]] }] };
  const base = { ...wire, tables: [func, undefined], order: [0, 1], moreHeader: none };
  expect(encodeBtfExt(fresh)).toEqual(assembleExt(base));
  const core = {
    recordSize: 16,
    sections: [{ secNameOff: 5, records: [{ insnOff: 0, typeId: 1, accessStrOff: 2, kind: 0 }] }],
  };
  const coreWords = { recordSize: 16, sections: [{ name: 5, records: [[0, 1, 2, 0]] }] };
  expect(encodeBtfExt({ ...fresh, coreRelo: core })).toEqual(
    assembleExt({ ...base, tables: [func, undefined, coreWords], order: [0, 1, 2], moreHeader: new Uint8Array(8) }),
  );
});

test("a record whose rest does not fill its size is refused", () => {
  const ext = parseBtfExt(assembleExt(wire));
  const lineInfo = { recordSize: 16, sections: ext.lineInfo?.sections ?? [] };
  expect(() => encodeBtfExt({ ...ext, lineInfo })).toThrow(
    expect.objectContaining({
      code: "LIMIT_EXCEEDED",
      message: "line_info cannot be encoded: a record is not 16 bytes long",
    }),
  );
});

test("two tables in one place are refused", () => {
  const twin = { recordSize: 16, sections: [{ name: 9, records: [[8, 3, 4, 12]] }] };
  const bytes = assembleExt({ ...wire, tables: [undefined, twin, twin] });
  new DataView(bytes.buffer).setUint32(24, 0, true);
  expect(() => parseBtfExt(bytes)).toThrow(".BTF.ext is malformed: two tables overlap");
});

/** The good section with one word, at a byte offset, replaced. func_info lies at 32 to 59. */
function patched(offset: number, value: number): Uint8Array {
  const bytes = assembleExt(wire);
  new DataView(bytes.buffer).setUint32(offset, value, true);
  return bytes;
}

const faults: readonly (readonly [string, Uint8Array, string, number])[] = [
  ["nothing", none, "BTF_EXT_TRUNCATED", 0],
  ["no magic", patched(0, 0), "BTF_EXT_MALFORMED", 0],
  ["hdr_len of 16", patched(4, 16), "BTF_EXT_MALFORMED", 4],
  ["hdr_len past the end", patched(4, 0xffff_ffff), "BTF_EXT_TRUNCATED", 0],
  ["an offset of 2", patched(8, 2), "BTF_EXT_MALFORMED", 8],
  ["a table past the end", patched(12, 0xffff_fff0), "BTF_EXT_TRUNCATED", 32],
  ["a table of 2 bytes", patched(12, 2), "BTF_EXT_MALFORMED", 32],
  ["a table of a record size alone", patched(12, 4), "BTF_EXT_MALFORMED", 32],
  ["half a section header", patched(12, 8), "BTF_EXT_MALFORMED", 36],
  ["a record size of 4", patched(32, 4), "BTF_EXT_MALFORMED", 32],
  ["a record size of 9", patched(32, 9), "BTF_EXT_MALFORMED", 32],
  ["no records", patched(40, 0), "BTF_EXT_MALFORMED", 40],
  ["4 billion records", patched(40, 0xffff_ffff), "BTF_EXT_MALFORMED", 40],
];

test.each(faults)("%s is one error", (_, bytes, code, offset) => {
  expect(() => parseBtfExt(bytes)).toThrow(
    expect.objectContaining({ code, span: expect.objectContaining({ section: ".BTF.ext", offset }) }),
  );
});
