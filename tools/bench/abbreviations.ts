import { AT, TAG } from "../../src/dwarf/constants.ts";
import type { Bytes } from "./object-bytes.ts";

/** DW_FORM_* numbers (DWARF 5, section 7.5.6). */
const FORM = {
  data2: 0x05,
  data4: 0x06,
  data1: 0x0b,
  udata: 0x0f,
  ref4: 0x13,
  secOffset: 0x17,
  exprloc: 0x18,
  flagPresent: 0x19,
  strx1: 0x25,
  strx2: 0x26,
  addrx: 0x1b,
} as const;

const STR_OFFSETS_BASE = 0x72;
const ADDR_BASE = 0x73;
const STMT_LIST = 0x10;
const CALL_COLUMN = 0x57;
const CALL_FILE = 0x58;
const CALL_LINE = 0x59;

type Attribute = readonly [attribute: number, form: keyof typeof FORM];

const name: Attribute = [AT.name, "strx2"];
const type: Attribute = [AT.type, "ref4"];
const place: readonly Attribute[] = [
  [AT.declFile, "data1"],
  [AT.declLine, "data2"],
];
const range: readonly Attribute[] = [
  [AT.lowPc, "addrx"],
  [AT.highPc, "data4"],
];
const prototyped: Attribute = [AT.prototyped, "flagPresent"];
const location: Attribute = [AT.location, "exprloc"];

/** Abbreviations in the manner of clang: tag, whether it has children, attributes in order. */
const LIST = {
  unit: [
    TAG.compileUnit,
    true,
    [AT.producer, "strx2"],
    [AT.language, "data2"],
    name,
    [STR_OFFSETS_BASE, "secOffset"],
    [STMT_LIST, "secOffset"],
    [AT.compDir, "strx2"],
    [ADDR_BASE, "secOffset"],
    ...range,
  ],
  base: [TAG.baseType, false, name, [AT.encoding, "data1"], [AT.byteSize, "data1"]],
  pointer: [TAG.pointerType, false, type],
  voidPointer: [TAG.pointerType, false],
  struct: [TAG.structureType, true, name, [AT.byteSize, "data2"], ...place],
  union: [TAG.unionType, true, name, [AT.byteSize, "data2"], ...place],
  declared: [TAG.structureType, false, name, [AT.declaration, "flagPresent"]],
  member: [TAG.member, false, name, type, ...place, [AT.dataMemberLocation, "data2"]],
  bitField: [TAG.member, false, name, type, ...place, [AT.bitSize, "data1"], [AT.dataBitOffset, "udata"]],
  array: [TAG.arrayType, true, type],
  subrange: [TAG.subrangeType, false, type, [AT.count, "data2"]],
  typedef: [TAG.typedef, false, type, name, ...place],
  const: [TAG.constType, false, type],
  enum: [TAG.enumerationType, true, type, name, [AT.byteSize, "data1"], ...place],
  enumerator: [TAG.enumerator, false, name, [AT.constValue, "udata"]],
  subroutine: [TAG.subroutineType, true, type, prototyped],
  unnamedParameter: [TAG.formalParameter, false, type],
  function: [TAG.subprogram, true, ...range, name, ...place, prototyped, type, [AT.external, "flagPresent"]],
  static: [TAG.subprogram, true, ...range, name, ...place, prototyped, type],
  parameter: [TAG.formalParameter, false, location, name, ...place, type],
  local: [TAG.variable, false, location, name, ...place, type],
  block: [TAG.lexicalBlock, true, ...range],
  global: [TAG.variable, false, name, type, [AT.external, "flagPresent"], ...place, location],
  inlineFunction: [TAG.subprogram, true, name, ...place, prototyped, type, [AT.inline, "data1"]],
  inlineParameter: [TAG.formalParameter, false, name, ...place, type],
  inlined: [
    TAG.inlinedSubroutine,
    true,
    [AT.abstractOrigin, "ref4"],
    ...range,
    [CALL_FILE, "data1"],
    [CALL_LINE, "data2"],
    [CALL_COLUMN, "data1"],
  ],
  inlinedParameter: [TAG.formalParameter, false, location, [AT.abstractOrigin, "ref4"]],
} as const satisfies Record<string, readonly [number, boolean, ...Attribute[]]>;

export type AbbreviationName = keyof typeof LIST;

/** Codes by name, from 1. */
export const CODE: { readonly [name in AbbreviationName]: number } = Object.fromEntries(
  Object.keys(LIST).map((key, index) => [key, index + 1]),
) as { readonly [name in AbbreviationName]: number };

/** Writes `.debug_abbrev`: one table, which all units share as those of one module do. */
export function writeAbbreviations(out: Bytes): void {
  for (const [index, [tag, children, ...attributes]] of Object.values(LIST).entries()) {
    out
      .uleb(index + 1)
      .uleb(tag)
      .u8(children ? 1 : 0);
    for (const [attribute, form] of attributes) out.uleb(attribute).uleb(FORM[form]);
    out.u8(0).u8(0);
  }
  out.u8(0);
}
