/** Every form of an attribute, in both byte orders and both widths of DWARF, from hand-made bytes. */
import { describe, expect, test } from "vitest";
import { STATIC_ADDRESS } from "../../src/dwarf/abi.ts";
import { AT, TAG } from "../../src/dwarf/constants.ts";
import { embeddedDwarfModule } from "../../src/dwarf/embedded.ts";
import { UNDEFINED_BASE } from "../../src/dwarf/model.ts";
import { type DwarfSections, readDwarf } from "../../src/dwarf/read.ts";
import { abbreviation, FORM, fixed, type Spec, sectionsOf, text, uleb, unit } from "./assemble.ts";

const SHAPES = [
  { littleEndian: true, is64: false },
  { littleEndian: false, is64: false },
  { littleEndian: true, is64: true },
  { littleEndian: false, is64: true },
];

const STR = Uint8Array.from([...text("zero"), ...text("größe"), 0xff, 0x41, 0]);
const GROESSE = 5;
const NOT_UTF8 = STR.length - 3;

describe.each(SHAPES)("little-endian $littleEndian, 64 bits $is64", ({ littleEndian, is64 }) => {
  const word = is64 ? 8 : 4;
  const number = (value: number | bigint, size: number): number[] => fixed(value, size, littleEndian);

  /** A unit DIE that sets the bases, and one child with a single attribute. */
  function read(
    spec: Spec,
    value: readonly number[],
    version = 5,
    more: Partial<DwarfSections> = {},
  ): ReturnType<typeof readDwarf> {
    const offsets = Uint8Array.from([
      ...new Array<number>(2 * word).fill(0),
      ...number(0, word),
      ...number(GROESSE, word),
      ...number(NOT_UTF8, word),
    ]);
    const addresses = Uint8Array.from([...number(0, 8), ...number(0x7_0000_0010n, 8), ...number(0x9_0000_0020n, 8)]);
    const abbrev = [
      // Bases behind the attributes that need them, as compilers write it.
      ...abbreviation(1, TAG.compileUnit, true, [
        [AT.name, version < 5 ? FORM.string : FORM.strx1],
        [0x72, version < 4 ? FORM.data4 : FORM.secOffset],
        [0x73, version < 4 ? FORM.data4 : FORM.secOffset],
      ]),
      ...abbreviation(2, TAG.variable, false, [spec]),
      0,
    ];
    const dies = [
      1,
      ...(version < 5 ? text("größe") : [1]),
      ...number(2 * word, version < 4 ? 4 : word),
      ...number(8, version < 4 ? 4 : word),
      2,
      ...value,
      0,
    ];
    const info = unit({ version, littleEndian, is64, dies });
    const sections = sectionsOf({
      info,
      abbrev,
      str: STR,
      strOffsets: offsets,
      addr: addresses,
      lineStr: STR,
      ...more,
    });
    return readDwarf(sections, littleEndian, embeddedDwarfModule());
  }

  const CHILD = 1;

  test.each<[string, Spec, number[], bigint]>([
    ["data1", [AT.byteSize, FORM.data1], [0xff], 255n],
    ["data2", [AT.byteSize, FORM.data2], number(0xfffe, 2), 0xfffen],
    ["data4", [AT.byteSize, FORM.data4], number(0xfffffffd, 4), 0xfffffffdn],
    ["data8", [AT.byteSize, FORM.data8], number(0xfedc_ba98_7654_3210n, 8), 0xfedc_ba98_7654_3210n],
    ["udata", [AT.byteSize, FORM.udata], uleb(300), 300n],
    ["sdata", [AT.byteSize, FORM.sdata], [0x7f], -1n],
    ["implicit_const", [AT.byteSize, FORM.implicitConst, -2], [], -2n],
    ["indirect", [AT.byteSize, FORM.indirect], [FORM.udata, ...uleb(77)], 77n],
  ])("constant as %s", (_, spec, bytes, expected) => {
    const dwarf = read(spec, bytes);
    expect(dwarf.bigint(CHILD, AT.byteSize)).toBe(expected);
    const isExact = expected >= -(2n ** 53n) && expected < 2n ** 53n;
    expect(dwarf.number(CHILD, AT.byteSize)).toBe(isExact ? Number(expected) : undefined);
    expect(dwarf.reference(CHILD, AT.byteSize)).toBeUndefined();
    expect(dwarf.string(CHILD, AT.byteSize)).toBeUndefined();
  });

  test("data16 gives its low 64 bits", () => {
    const low = number(0x0123_4567_89ab_cdefn, 8);
    const high = number(0xaaaa_aaaa_aaaa_aaaan, 8);
    const dwarf = read([AT.constValue, FORM.data16], littleEndian ? [...low, ...high] : [...high, ...low]);
    expect(dwarf.bigint(CHILD, AT.constValue)).toBe(0x0123_4567_89ab_cdefn);
  });

  test.each<[string, number, number[]]>([
    ["strx", FORM.strx, [1]],
    ["strx1", FORM.strx1, [1]],
    ["strx2", FORM.strx2, number(1, 2)],
    ["strx3", FORM.strx3, number(1, 3)],
    ["strx4", FORM.strx4, number(1, 4)],
    ["strp", FORM.strp, number(GROESSE, word)],
    ["line_strp", FORM.lineStrp, number(GROESSE, word)],
    ["string", FORM.string, text("größe")],
  ])("string as %s", (_, form, bytes) => {
    const dwarf = read([AT.name, form], bytes);
    expect(dwarf.name(CHILD)).toBe("größe");
    expect(Buffer.from(dwarf.nameBytes(CHILD) ?? []).toString()).toBe("größe");
    expect(dwarf.units[0]?.name).toBe("größe");
    expect(dwarf.string(CHILD, AT.name)).toBe("größe");
    expect(dwarf.linkageName(CHILD)).toBeUndefined();
  });

  test("a name that is not UTF-8", () => {
    const dwarf = read([AT.name, FORM.strx1], [2]);
    expect(dwarf.name(CHILD)).toBe("\ufffdA");
    expect([...(dwarf.nameBytes(CHILD) ?? [])]).toEqual([0xff, 0x41]);
  });

  test.each<[string, number, number[]]>([
    ["addr", FORM.addr, number(0x7_0000_0010n, 8)],
    ["addrx", FORM.addrx, [0]],
    ["addrx1", FORM.addrx1, [0]],
    ["addrx2", FORM.addrx2, number(0, 2)],
    ["addrx3", FORM.addrx3, number(0, 3)],
    ["addrx4", FORM.addrx4, number(0, 4)],
  ])("address as %s", (_, form, bytes) => {
    expect(read([AT.lowPc, form], bytes).lowPc(CHILD)).toEqual({ section: 7, undefinedSymbol: undefined, offset: 16 });
  });

  test("an address of an undefined symbol", () => {
    const address = (BigInt(UNDEFINED_BASE + 12) << 32n) + 3n;
    const dwarf = read([AT.lowPc, FORM.addr], number(address, 8));
    expect(dwarf.lowPc(CHILD)).toEqual({ section: undefined, undefinedSymbol: 12, offset: 3 });
  });

  const ADDR = [0x03, ...number(0x7_0000_0010n, 8), 0x23, 4];
  test.each<[string, number, number[], number[], number]>([
    ["exprloc", FORM.exprloc, [ADDR.length], ADDR, 5],
    ["block", FORM.block, [ADDR.length], ADDR, 5],
    ["block1", FORM.block1, [ADDR.length], ADDR, 2],
    ["block2", FORM.block2, number(ADDR.length, 2), ADDR, 3],
    ["block4", FORM.block4, number(ADDR.length, 4), ADDR, 4],
  ])("location as %s", (_, form, length, bytes, version) => {
    const dwarf = read([AT.location, form], [...length, ...bytes], version);
    expect([...(dwarf.expression(CHILD, AT.location) ?? [])]).toEqual(bytes);
    expect(dwarf.staticAddress(CHILD)).toEqual({ section: 7, undefinedSymbol: undefined, offset: 16 });
    expect(dwarf.has(CHILD, STATIC_ADDRESS)).toBe(true);
  });

  test("location in pieces", () => {
    const PIECE = [0x93, 4];
    const byIndex = [0xa1, 1];
    const first = { section: 7, undefinedSymbol: undefined, offset: 16 };
    const second = { section: 9, undefinedSymbol: undefined, offset: 32 };
    const pieces = (...bytes: number[]): unknown =>
      read([AT.location, FORM.exprloc], [bytes.length, ...bytes]).pieces(CHILD);
    const address = ADDR.slice(0, 9);
    expect(pieces(...PIECE, ...address, ...PIECE, 0x9d, 8, 0, ...byIndex, ...PIECE)).toEqual([first, second]);
    // A flag that was shrunk to a bit: deref_size 1, lit1, mul, stack_value.
    expect(pieces(...byIndex, 0x94, 1, 0x31, 0x1e, 0x9f, ...PIECE)).toEqual([second]);
    expect(pieces(...address)).toEqual([]);
    expect(pieces(0x50, ...PIECE, ...address, ...PIECE)).toEqual([]);
    // Behind the end of .debug_addr, or of the expression.
    expect(pieces(...PIECE, 0xa1, 0xff, 0xff, 0xff, 0xff, 0x7f, ...PIECE)).toEqual([]);
    expect(pieces(...PIECE, 0x03, 1, 2)).toEqual([]);
  });

  test("location by address index; a register has no address", () => {
    const byIndex = read([AT.location, FORM.exprloc], [2, 0xa1, 1]);
    expect(byIndex.staticAddress(CHILD)).toEqual({ section: 9, undefinedSymbol: undefined, offset: 32 });
    const register = read([AT.location, FORM.exprloc], [1, 0x50]);
    expect(register.staticAddress(CHILD)).toBeUndefined();
    expect([...(register.expression(CHILD, AT.location) ?? [])]).toEqual([0x50]);
  });

  test("a member's place as DWARF 2 writes it", () => {
    const dwarf = read([AT.dataMemberLocation, FORM.block1], [3, 0x23, ...uleb(300)], 2);
    expect(dwarf.number(CHILD, AT.dataMemberLocation)).toBe(300);
    expect(dwarf.expression(CHILD, AT.dataMemberLocation)).toBeUndefined();
  });

  const root = (is64 ? 24 : 12) - 0;
  test.each<[string, number, (offset: number) => number[]]>([
    ["ref1", FORM.ref1, (offset) => number(offset, 1)],
    ["ref2", FORM.ref2, (offset) => number(offset, 2)],
    ["ref4", FORM.ref4, (offset) => number(offset, 4)],
    ["ref8", FORM.ref8, (offset) => number(offset, 8)],
    ["ref_udata", FORM.refUdata, uleb],
    ["ref_addr", FORM.refAddr, (offset) => number(offset, word)],
  ])("reference as %s, also a dangling one", (_, form, bytes) => {
    expect(read([AT.type, form], bytes(root)).type(CHILD)).toBe(0);
    expect(read([AT.type, form], bytes(root + 1)).type(CHILD)).toBeUndefined();
    const outside = read([AT.type, form], bytes(250));
    expect(outside.type(CHILD)).toBeUndefined();
    expect(outside.has(CHILD, AT.type)).toBe(true);
  });

  test.each<[string, number, number[]]>([
    ["ref_sig8", FORM.refSig8, number(1, 8)],
    ["ref_sup4", FORM.refSup4, number(1, 4)],
    ["ref_sup8", FORM.refSup8, number(1, 8)],
    ["strp_sup", FORM.strpSup, number(1, word)],
    ["loclistx", FORM.loclistx, [1]],
    ["rnglistx", FORM.rnglistx, [1]],
    ["sec_offset", FORM.secOffset, number(1, word)],
  ])("%s is present, and nothing more", (_, form, bytes) => {
    const dwarf = read([AT.type, form], bytes);
    expect(dwarf.has(CHILD, AT.type)).toBe(true);
    expect(dwarf.type(CHILD)).toBeUndefined();
    expect(dwarf.bigint(CHILD, AT.type)).toBeUndefined();
    expect(dwarf.expression(CHILD, AT.type)).toBeUndefined();
  });

  test.each<[string, number, number[], boolean]>([
    ["flag 0", FORM.flag, [0], false],
    ["flag 1", FORM.flag, [1], true],
    ["flag_present", FORM.flagPresent, [], true],
    ["data1", FORM.data1, [1], true],
  ])("flag as %s", (_, form, bytes, expected) => {
    const dwarf = read([AT.external, form], bytes);
    expect(dwarf.flag(CHILD, AT.external)).toBe(expected);
    expect(dwarf.has(CHILD, AT.external)).toBe(true);
    expect(dwarf.flag(CHILD, AT.declaration)).toBe(false);
  });

  test("an index outside of its table is malformed", () => {
    expect(() => read([AT.name, FORM.strx1], [9])).toThrow("string index lies outside of .debug_str_offsets");
    expect(() => read([AT.lowPc, FORM.addrx1], [9])).toThrow("address index lies outside of .debug_addr");
    expect(() => read([AT.name, FORM.strp], number(STR.length, word))).toThrow("string lies outside of .debug_str");
    expect(() => read([AT.name, 0x7d], [])).toThrow("unknown form");
  });
});
