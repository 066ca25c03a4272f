/**
 * The BTF model: plain read-only data, one object per type record, ids implied by position.
 *
 * Type ids are positions counted from 1 (0 is void); with a base blob they go on where the base ends. Names are offsets into the
 * string table, exactly as in the blob, so that encoding undoes parsing byte for byte; `names.ts` reads them.
 * Wire format: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 */

/** Index of each kind on the wire; `BTF_KIND_*` of include/uapi/linux/btf.h. */
export const KIND_NUMBER = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

export type BtfKind = keyof typeof KIND_NUMBER;

/** FUNC and VAR linkage: 0 static, 1 global, 2 extern; other numbers are kept as they are. */
export type Linkage = number;
export const LINKAGE_STATIC = 0;
export const LINKAGE_GLOBAL = 1;
export const LINKAGE_EXTERN = 2;

/** Bits and words that a kind does not use, where a blob sets them all the same. Absent when all are zero. */
export interface UnusedWords {
  /** vlen of a kind that has no list. */
  readonly vlen?: number;
  /** kind_flag of a kind that gives it no meaning. */
  readonly kindFlag?: boolean;
  /** The size-or-type word of a kind that has neither. */
  readonly sizeOrType?: number;
  /** Reserved bits of the info word, in place. */
  readonly info?: number;
  /** Bits 8-15 and 28-31 of INT's own word, in place. */
  readonly intWord?: number;
}

interface Head {
  readonly nameOff: number;
  readonly unused?: UnusedWords;
}

/** INT: `size` in bytes, `bits` its width, `bitOffset` nearly always 0, `encoding` 0 or 1 signed | 2 char | 4 bool. */
export interface BtfInt extends Head {
  readonly kind: "int";
  readonly size: number;
  readonly bits: number;
  readonly bitOffset: number;
  readonly encoding: number;
}

/** PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG: one reference. `attribute` is TYPE_TAG's kind_flag. */
export interface BtfReference extends Head {
  readonly kind: "ptr" | "typedef" | "volatile" | "const" | "restrict";
  readonly type: number;
}

export interface BtfTypeTag extends Head {
  readonly kind: "typeTag";
  readonly type: number;
  readonly attribute: boolean;
}

export interface BtfArray extends Head {
  readonly kind: "array";
  readonly type: number;
  readonly indexType: number;
  readonly nelems: number;
}

/** `bitOffset` from the start of the record; `bitfieldSize` is 0 for a plain member and always 0 without `bitfields`. */
export interface BtfMember {
  readonly nameOff: number;
  readonly type: number;
  readonly bitOffset: number;
  readonly bitfieldSize: number;
}

/** STRUCT, UNION: `size` in bytes; `bitfields` is kind_flag: offsets carry a width in their top 8 bits. */
export interface BtfComposite extends Head {
  readonly kind: "struct" | "union";
  readonly size: number;
  readonly bitfields: boolean;
  readonly members: readonly BtfMember[];
}

/** `value` as the 32 bits say, read with the sign that `signed` gives. */
export interface BtfEnumValue {
  readonly nameOff: number;
  readonly value: number;
}

export interface BtfEnum extends Head {
  readonly kind: "enum";
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly BtfEnumValue[];
}

export interface BtfEnum64Value {
  readonly nameOff: number;
  readonly value: bigint;
}

export interface BtfEnum64 extends Head {
  readonly kind: "enum64";
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly BtfEnum64Value[];
}

export interface BtfFwd extends Head {
  readonly kind: "fwd";
  readonly union: boolean;
}

export interface BtfFunc extends Head {
  readonly kind: "func";
  readonly type: number;
  readonly linkage: Linkage;
}

export interface BtfParam {
  readonly nameOff: number;
  readonly type: number;
}

export interface BtfFuncProto extends Head {
  readonly kind: "funcProto";
  readonly returnType: number;
  readonly params: readonly BtfParam[];
}

export interface BtfVar extends Head {
  readonly kind: "var";
  readonly type: number;
  readonly linkage: Linkage;
}

/** One VAR (or extern FUNC) of a section; `offset` and `size` in bytes. */
export interface BtfSecInfo {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

export interface BtfDatasec extends Head {
  readonly kind: "datasec";
  readonly size: number;
  readonly entries: readonly BtfSecInfo[];
}

export interface BtfFloat extends Head {
  readonly kind: "float";
  readonly size: number;
}

/** `component` -1 tags the whole type; `attribute` is kind_flag. */
export interface BtfDeclTag extends Head {
  readonly kind: "declTag";
  readonly type: number;
  readonly component: number;
  readonly attribute: boolean;
}

/**
 * A record of a kind past ENUM64, which only the layout section gives a size. `tail` is what follows the three base words, in the
 * blob's byte order; what it refers to is not known, so it is carried along and never edited.
 */
export interface BtfUnknown extends Head {
  readonly kind: "unknown";
  /** The kind on the wire, 0 or 20 to 127. */
  readonly kindNumber: number;
  readonly vlen: number;
  readonly kindFlag: boolean;
  readonly sizeOrType: number;
  readonly tail: Uint8Array;
}

export type BtfType =
  | BtfInt
  | BtfReference
  | BtfTypeTag
  | BtfArray
  | BtfComposite
  | BtfEnum
  | BtfEnum64
  | BtfFwd
  | BtfFunc
  | BtfFuncProto
  | BtfVar
  | BtfDatasec
  | BtfFloat
  | BtfDeclTag
  | BtfUnknown;

/** The string section as bytes: NUL-terminated strings, the first one empty (without a base). */
export interface StringTable {
  readonly bytes: Uint8Array;
}

/** Per-kind record sizes of the optional layout section (kernels from 7.2). */
export interface KindLayout {
  readonly infoSize: number;
  readonly elemSize: number;
  readonly flags: number;
}

/** What the header and the order of the sections say beyond types and strings; needed to encode the same bytes again. */
export interface BtfWire {
  readonly version: number;
  readonly flags: number;
  /** Header bytes after magic, version, flags and hdr_len, as found (offsets and lengths are recomputed only when types or strings change). */
  readonly header: Uint8Array;
  readonly layout: readonly KindLayout[] | undefined;
  /** True if a vlen of the blob needs more than 16 bits (kernels from 7.2); only then may the encoder write one. */
  readonly wideVlen?: boolean;
  /** Bytes that belong to no section; absent when there are none. */
  readonly gaps?: BtfGaps;
}

/** What lies between the sections of a blob, and after them. libbpf takes such a blob, the kernel does not (KH-09). */
export interface BtfGaps {
  readonly beforeTypes: Uint8Array;
  readonly afterTypes: Uint8Array;
  readonly afterLayout: Uint8Array;
  readonly afterStrings: Uint8Array;
}

/** A parsed or built BTF blob. Immutable: a repair makes a new one (`BtfBuilder`). */
export interface Btf {
  readonly littleEndian: boolean;
  /** `types[i]` has id `firstId + i`. */
  readonly types: readonly BtfType[];
  /** 1, or the base's last id + 1. */
  readonly firstId: number;
  readonly strings: StringTable;
  /** The blob that ids below `firstId` and the first string offsets belong to (split BTF). */
  readonly base: Btf | undefined;
  /** As read; undefined for a blob built from nothing, which encodes with a 24-byte header. */
  readonly wire: BtfWire | undefined;
}

/** The type with this id, from the base where the id lies there; undefined for 0 (void) and for ids past the end. */
export function typeById(btf: Btf, id: number): BtfType | undefined {
  if (id < btf.firstId) return id > 0 && btf.base !== undefined ? typeById(btf.base, id) : undefined;
  return btf.types[id - btf.firstId];
}

/** Every own type with its id, in id order. */
export function* typesWithIds(btf: Btf): Generator<readonly [id: number, type: BtfType]> {
  let id = btf.firstId;
  for (const type of btf.types) yield [id++, type];
}
