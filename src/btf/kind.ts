import { arrayCodec } from "./kinds/array.ts";
import type { KindCodec, RecordOutput } from "./kinds/codec.ts";
import { compositeCodec } from "./kinds/composite.ts";
import { datasecCodec, varCodec } from "./kinds/data.ts";
import { declTagCodec } from "./kinds/decl-tag.ts";
import { enum64Codec, enumCodec } from "./kinds/enum.ts";
import { floatCodec } from "./kinds/float.ts";
import { funcCodec, funcProtoCodec } from "./kinds/func.ts";
import { fwdCodec } from "./kinds/fwd.ts";
import { intCodec } from "./kinds/int.ts";
import { referenceCodec, typeTagCodec } from "./kinds/reference.ts";
import { type BtfKind, type BtfType, type BtfUnknown, KIND_NUMBER } from "./model.ts";

/** The three words that every record starts with: name, info, size or type. */
export const BASE_SIZE = 12;

/** vlen as kernels up to 6.18 read it; a larger one is only written back where it was read (`BtfWire.wideVlen`). */
export const MAX_NARROW_VLEN = 0xffff;
const MAX_VLEN = 0xff_ffff;

const CODECS: Readonly<Record<BtfKind, KindCodec>> = {
  int: intCodec,
  ptr: referenceCodec("ptr"),
  array: arrayCodec,
  struct: compositeCodec("struct"),
  union: compositeCodec("union"),
  enum: enumCodec,
  fwd: fwdCodec,
  typedef: referenceCodec("typedef"),
  volatile: referenceCodec("volatile"),
  const: referenceCodec("const"),
  restrict: referenceCodec("restrict"),
  func: funcCodec,
  funcProto: funcProtoCodec,
  var: varCodec,
  datasec: datasecCodec,
  float: floatCodec,
  declTag: declTagCodec,
  typeTag: typeTagCodec,
  enum64: enum64Codec,
};

const BY_NUMBER: readonly (KindCodec | undefined)[] = Object.entries(KIND_NUMBER).reduce<(KindCodec | undefined)[]>(
  (table, [kind, number]) => {
    table[number] = CODECS[kind as BtfKind];
    return table;
  },
  new Array<KindCodec | undefined>(20).fill(undefined),
);

/** The codec of a kind as numbered on the wire; undefined for 0 and for kinds past ENUM64. */
export function codecOf(kindNumber: number): KindCodec | undefined {
  return BY_NUMBER[kindNumber];
}

/** The kind of a record as numbered on the wire. */
export function kindNumber(type: BtfType): number {
  return type.kind === "unknown" ? type.kindNumber : KIND_NUMBER[type.kind];
}

/** Bytes that a record takes. */
export function recordSize(type: BtfType): number {
  if (type.kind === "unknown") return BASE_SIZE + type.tail.length;
  const codec = CODECS[type.kind];
  return BASE_SIZE + codec.infoSize + (codec.elemSize === 0 ? 0 : codec.elemSize * codec.vlen(type));
}

/** Writes one record. A number too large for its field is `LIMIT_EXCEEDED`, and so is a wide vlen unless it is allowed. */
export function encodeRecord(type: BtfType, output: RecordOutput, allow: { readonly wideVlen: boolean }): void {
  if (type.kind === "unknown") {
    encodeUnknown(type, output);
    return;
  }
  const codec = CODECS[type.kind];
  const { unused } = type;
  const vlen = codec.uses.vlen ? codec.vlen(type) : (unused?.vlen ?? 0);
  const kindFlag = codec.uses.kindFlag ? codec.kindFlag(type) : unused?.kindFlag === true;
  const sizeOrType = codec.uses.sizeOrType ? codec.sizeOrType(type) : (unused?.sizeOrType ?? 0);
  const limit = allow.wideVlen ? MAX_VLEN : MAX_NARROW_VLEN;
  if (!(vlen >= 0 && vlen <= limit)) output.raise(`a vlen of ${vlen} is more than ${limit}`);
  output.u32(type.nameOff);
  output.u32(infoWord(KIND_NUMBER[type.kind], vlen, kindFlag));
  output.u32(sizeOrType);
  codec.encodeTail(type, output);
}

function encodeUnknown(type: BtfUnknown, output: RecordOutput): void {
  output.u32(type.nameOff);
  output.u32(infoWord(type.kindNumber, type.vlen, type.kindFlag));
  output.u32(type.sizeOrType);
  output.raw(type.tail);
}

function infoWord(kind: number, vlen: number, kindFlag: boolean): number {
  return ((vlen | (kind << 24)) >>> 0) + (kindFlag ? 0x8000_0000 : 0);
}
