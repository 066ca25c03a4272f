/** Hand-made DWARF: abbreviations and units from lists of attributes, for what no compiler writes. */
import { ByteWriter } from "../../src/bytes/writer.ts";
import type { DwarfSections } from "../../src/dwarf/read.ts";

/** DW_FORM_* (DWARF 5, section 7.5.6). */
export const FORM = {
  addr: 0x01,
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  flag: 0x0c,
  sdata: 0x0d,
  strp: 0x0e,
  udata: 0x0f,
  refAddr: 0x10,
  ref1: 0x11,
  ref2: 0x12,
  ref4: 0x13,
  ref8: 0x14,
  refUdata: 0x15,
  indirect: 0x16,
  secOffset: 0x17,
  exprloc: 0x18,
  flagPresent: 0x19,
  strx: 0x1a,
  addrx: 0x1b,
  refSup4: 0x1c,
  strpSup: 0x1d,
  data16: 0x1e,
  lineStrp: 0x1f,
  refSig8: 0x20,
  implicitConst: 0x21,
  loclistx: 0x22,
  rnglistx: 0x23,
  refSup8: 0x24,
  strx1: 0x25,
  strx2: 0x26,
  strx3: 0x27,
  strx4: 0x28,
  addrx1: 0x29,
  addrx2: 0x2a,
  addrx3: 0x2b,
  addrx4: 0x2c,
} as const;

export function uleb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low | 128);
  } while (rest !== 0);
  return bytes;
}

export function fixed(value: number | bigint, size: number, littleEndian: boolean): number[] {
  const bytes = Array.from({ length: size }, (_, i) =>
    Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 255n),
  );
  return littleEndian ? bytes : bytes.reverse();
}

/** One attribute of an abbreviation: DW_AT_*, DW_FORM_*, and the constant of an implicit one (0 to 63). */
export type Spec = readonly [attribute: number, form: number, implicit?: number];

/** Code, tag, whether it has children, attributes. */
export function abbreviation(code: number, tag: number, hasChildren: boolean, specs: readonly Spec[]): number[] {
  const body = specs.flatMap(([attribute, form, implicit]) => [
    ...uleb(attribute),
    ...uleb(form),
    ...(form === FORM.implicitConst ? [(implicit ?? 0) & 127] : []),
  ]);
  return [...uleb(code), ...uleb(tag), hasChildren ? 1 : 0, ...body, 0, 0];
}

export interface UnitShape {
  readonly version?: number;
  readonly littleEndian?: boolean;
  readonly is64?: boolean;
  /** DW_UT_*, DWARF 5. */
  readonly type?: number;
  readonly abbrevOffset?: number;
  readonly dies: Iterable<number>;
}

/** A unit: header and the bytes of its DIEs. */
export function unit({
  version = 5,
  littleEndian = true,
  is64 = false,
  type = 1,
  abbrevOffset = 0,
  dies,
}: UnitShape): Uint8Array {
  const content = Uint8Array.from(dies);
  const offsetSize = is64 ? 8 : 4;
  const offset = fixed(abbrevOffset, offsetSize, littleEndian);
  const header = [
    ...fixed(version, 2, littleEndian),
    ...(version >= 5 ? [type, 8, ...offset] : [...offset, 8]),
    ...(version >= 5 && type !== 1 && type !== 3
      ? new Array<number>(type === 2 || type === 6 ? 8 + offsetSize : 8).fill(0)
      : []),
  ];
  const length = header.length + content.length;
  const prefix = is64 ? [0xff, 0xff, 0xff, 0xff, ...fixed(length, 8, littleEndian)] : fixed(length, 4, littleEndian);
  return new ByteWriter(littleEndian)
    .bytes(Uint8Array.from([...prefix, ...header]))
    .bytes(content)
    .finish();
}

/** Length of a 32-bit unit header of DWARF 5: where the unit DIE begins. */
export const HEADER_5 = 12;

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function text(value: string): number[] {
  return [...Buffer.from(value), 0];
}

/** Sections of which only some matter. */
export function sectionsOf(
  parts: { info: Uint8Array; abbrev: Iterable<number> } & Partial<Omit<DwarfSections, "info" | "abbrev">>,
): DwarfSections {
  return {
    str: undefined,
    strOffsets: undefined,
    addr: undefined,
    line: undefined,
    lineStr: undefined,
    ...parts,
    abbrev: Uint8Array.from(parts.abbrev),
  };
}
