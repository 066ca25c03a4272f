import { KIND_NUMBER } from "../../btf/model.ts";
import type { LoaderRule } from "../loader.ts";
import { type AyaVersion, ayaPanic, ayaRule, panic, refuseBtf } from "./rule.ts";
import { Strings } from "./strings.ts";

const HEADER = 24;
/** Bytes before the fields of a kind. */
const BASE = 12;
/** MAX_RESOLVE_DEPTH. */
const DEPTH = 32;
const POINTER_SIZE = 8;

/** Kind of what aya calls Unknown: void, and records of kind 0. */
export const UNKNOWN = 0;
const MAX_KIND = 19;

const { int, ptr, array, struct, union, fwd, typedef, volatile, const: constant, restrict } = KIND_NUMBER;
const { enum: enum32, enum64, funcProto, var: variable, datasec, float, declTag, typeTag } = KIND_NUMBER;

/** Words of each item of a list, by kind. */
const STRIDES: Readonly<Record<number, number>> = {
  [struct]: 3,
  [union]: 3,
  [enum32]: 2,
  [enum64]: 3,
  [funcProto]: 2,
  [datasec]: 3,
};
/** Words that follow by kind, where they are no list. */
const FIXED: Readonly<Record<number, number>> = { [int]: 1, [array]: 3, [variable]: 1, [declTag]: 1 };
const SIZED: ReadonlySet<number> = new Set([int, float, enum32, enum64, struct, union, datasec]);
const REFERRING: ReadonlySet<number> = new Set([
  ...[constant, volatile, restrict, ptr, typedef, funcProto, variable, declTag, typeTag],
]);
const MODIFIERS: ReadonlySet<number> = new Set([volatile, constant, restrict, typedef, typeTag]);

const header = ayaRule(
  "AB-01",
  ".BTF has a header of 24 bytes, and its strings lie within.",
  "Btf::parse",
  "error parsing BTF header",
);
const typesInside = ayaRule(
  "AB-02",
  "The types lie within .BTF.",
  "Btf::read_type_info",
  "invalid BTF type info segment",
);
const cut = ayaRule(
  "AB-03",
  "No record is cut off by the end of the types.",
  "BtfType::read",
  "invalid BTF type info segment",
);
const kindKnown = ayaRule("AB-04", "Each kind is at most 19.", "BtfKind::try_from", "invalid BTF type kind `N`");
const stringOffset = ayaRule(
  "AB-05",
  "A name that is read ends within the strings.",
  "Btf::string_at",
  "invalid BTF string offset: N",
);
const stringPanic = ayaPanic(
  "AB-06",
  "A name that is read begins within the strings, not past them",
  "Btf::string_at",
  { until: "0.3" },
);
const typeExists = ayaRule("AB-07", "A type that is read exists.", "BtfTypes::type_by_id", "unknown BTF type id `N`");
const depth = ayaRule(
  "AB-08",
  "A type is reached through fewer than 32 others.",
  "BtfTypes::resolve_type, Btf::type_size",
  "maximum depth reached resolving BTF type",
);
const sizeKnown = ayaRule(
  "AB-09",
  "The type of a key or value has a size: void, functions and forward declarations have none.",
  "Btf::type_size",
  "unexpected BTF type id `N`",
);
const sizeFits = ayaRule(
  "AB-10",
  "The size of a key or value fits 32 bits.",
  "Btf::type_size",
  "invalid BTF type info segment",
  { since: "0.6" },
);

export const btfRules: readonly LoaderRule[] = [
  header,
  typesInside,
  cut,
  kindKnown,
  stringOffset,
  stringPanic,
  typeExists,
  depth,
  sizeKnown,
  sizeFits,
];

/** A record as aya holds it, and changes it. */
export interface AyaType {
  kind: number;
  name: number;
  info: number;
  /** The size-or-type word. */
  word: number;
  /** What follows it. */
  rest: number[];
}

/** Words per item of the type's list; 0 if it has none. */
export function strideOf(kind: number): number {
  return STRIDES[kind] ?? 0;
}

/** Bytes that the record takes. */
export function sizeOf({ rest }: AyaType): number {
  return BASE + 4 * rest.length;
}

/** A `.BTF` as aya-obj reads, changes and writes it: in the byte order of its machine, with an id for records of kind 0. */
export class AyaBtf {
  readonly version: AyaVersion;
  readonly littleEndian: boolean;
  readonly types: AyaType[] = [{ kind: UNKNOWN, name: 0, info: 0, word: 0, rest: [] }];
  readonly strings: Strings;
  /** Magic, version, flags. */
  private readonly start: Uint8Array;
  private readonly headerLength: number;
  private readonly typeOffset: number;
  typeLength: number;
  stringOffset: number;
  private stringLength: number;

  /** Throws an `AyaRefusal`. */
  constructor(bytes: Uint8Array, littleEndian: boolean, version: AyaVersion) {
    this.version = version;
    this.littleEndian = littleEndian;
    if (bytes.length < HEADER) refuseBtf(header, "error parsing BTF header");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const word = (at: number): number => view.getUint32(at, littleEndian);
    this.start = bytes.slice(0, 4);
    this.headerLength = word(4);
    this.typeOffset = word(8);
    this.typeLength = word(12);
    this.stringOffset = word(16);
    this.stringLength = word(20);
    const stringsAt = this.headerLength + this.stringOffset;
    if (stringsAt + this.stringLength > bytes.length) refuseBtf(header, "error parsing BTF header");
    this.strings = new Strings(bytes.subarray(stringsAt, stringsAt + this.stringLength));
    this.read(view);
  }

  private read(view: DataView): void {
    let at = this.headerLength + this.typeOffset;
    const end = at + this.typeLength;
    if (end > view.byteLength) refuseBtf(typesInside, "invalid BTF type info segment");
    while (at < end) {
      const typeId = this.types.length;
      const word = (index: number): number => view.getUint32(at + 4 * index, this.littleEndian);
      if (at + BASE > end) refuseBtf(cut, "invalid BTF type info segment", { typeId });
      const info = word(1);
      const kind = (info >>> 24) & 0x1f;
      if (kind > MAX_KIND) refuseBtf(kindKnown, `invalid BTF type kind \`${kind}\``, { typeId });
      const words = FIXED[kind] ?? strideOf(kind) * (info & 0xffff);
      if (at + BASE + 4 * words > end) refuseBtf(cut, "invalid BTF type info segment", { typeId });
      const rest: number[] = [];
      for (let index = 0; index < words; index++) rest.push(word(3 + index));
      // Neither is kept.
      const dropped = kind === fwd || kind === array;
      this.types.push({ kind, name: word(0), info, word: dropped ? 0 : word(2), rest });
      at += BASE + 4 * words;
    }
  }

  /** The string at an offset. Throws an `AyaRefusal`. */
  string(offset: number): string {
    if (this.version === "0.3") {
      // Compared with where the strings end in .BTF, not with their length.
      const end = (((this.headerLength + this.stringOffset) >>> 0) + this.stringLength) >>> 0;
      if (offset < end && offset > this.strings.length) panic(stringPanic);
      if (offset >= end) refuseBtf(stringOffset, `invalid BTF string offset: ${offset}`);
    }
    if (!this.strings.has(offset)) refuseBtf(stringOffset, `invalid BTF string offset: ${offset}`);
    return this.strings.at(offset);
  }

  /** Throws an `AyaRefusal`. */
  type(typeId: number): AyaType {
    return this.types[typeId] ?? refuseBtf(typeExists, `unknown BTF type id \`${typeId}\``, { typeId });
  }

  /** The id behind qualifiers, typedefs and tags. Throws an `AyaRefusal`. */
  resolve(root: number): number {
    let typeId = root;
    for (let step = 0; step < DEPTH; step++) {
      const type = this.type(typeId);
      if (!MODIFIERS.has(type.kind)) return typeId;
      typeId = type.word;
    }
    return refuseBtf(depth, "maximum depth reached resolving BTF type", { typeId: root });
  }

  /** Bytes of a value, as a version of aya counts them: the older takes but the innermost dimension of an array. Throws an `AyaRefusal`. */
  size(root: number, version: AyaVersion = this.version): number {
    let typeId = root;
    let elements = 1;
    const fitting = (size: number): number =>
      size < 2 ** 32 ? size : refuseBtf(sizeFits, "invalid BTF type info segment", { typeId: root });
    for (let step = 0; step < DEPTH; step++) {
      const type = this.type(typeId);
      if (type.kind === array) {
        const count = type.rest[2] ?? 0;
        elements = version === "0.3" ? count : fitting(elements * count);
        typeId = type.rest[0] ?? 0;
      } else if (type.kind === ptr || SIZED.has(type.kind)) {
        const size = BigInt(type.kind === ptr ? POINTER_SIZE : type.word) * BigInt(elements);
        if (version === "0.3") return Number(BigInt.asUintN(32, size));
        return fitting(Number(size));
      } else if (REFERRING.has(type.kind)) typeId = type.word;
      else return refuseBtf(sizeKnown, `unexpected BTF type id \`${typeId}\``, { typeId });
    }
    return refuseBtf(depth, "maximum depth reached resolving BTF type", { typeId: root });
  }

  /** The type that one refers to, in aya's sense; 0 if it refers to none. */
  referred({ kind, word }: AyaType): number {
    return REFERRING.has(kind) ? word : 0;
  }

  addString(text: string): number {
    const offset = this.strings.add(text);
    this.stringLength = this.strings.length;
    return offset;
  }

  /** Appends a type; its id. */
  addType(type: AyaType): number {
    const size = sizeOf(type);
    this.typeLength = (this.typeLength + size) >>> 0;
    this.stringOffset = (this.stringOffset + size) >>> 0;
    return this.types.push(type) - 1;
  }

  /** The bytes that the kernel is sent: types follow 24 bytes of header, whatever it says of them. */
  toBytes(): Uint8Array {
    const written = this.types.filter(({ kind }) => kind !== UNKNOWN);
    const strings = this.strings.written();
    const bytes = new Uint8Array(HEADER + written.reduce((sum, type) => sum + sizeOf(type), 0) + strings.length);
    const view = new DataView(bytes.buffer);
    const { littleEndian } = this;
    bytes.set(this.start);
    const fields = [this.headerLength, this.typeOffset, this.typeLength, this.stringOffset, this.stringLength];
    for (const [index, field] of fields.entries()) view.setUint32(4 + 4 * index, field, littleEndian);
    let at = HEADER;
    for (const { name, info, word, rest } of written) {
      view.setUint32(at, name, littleEndian);
      view.setUint32(at + 4, info, littleEndian);
      view.setUint32(at + 8, word, littleEndian);
      for (let index = 0; index < rest.length; index++)
        view.setUint32(at + BASE + 4 * index, rest[index] ?? 0, littleEndian);
      at += BASE + 4 * rest.length;
    }
    bytes.set(strings, at);
    return bytes;
  }
}
