import { BASE_SIZE } from "../../btf/kind.ts";
import { KIND_NUMBER } from "../../btf/model.ts";
import { BtfBlob, MISSING, RECORD_TAIL } from "../btf-blob.ts";
import type { LoaderRule } from "../loader.ts";
import { ENOTSUP, hasRule, LibbpfRefusal, libbpfRule } from "./rule.ts";
import type { LibbpfVersion } from "./sanitise.ts";

const HEADER = 24;
const MAGIC = 0xeb9f;
const SWAPPED = 0x9feb;
const MAX_STRINGS = 0x7fff_ffff;

const headerShort = libbpfRule("LB-01", "A header is 24 bytes.", "btf_parse_hdr", "BTF header not found");
const headerForeign = libbpfRule(
  "LB-02",
  "The header of BTF in the other byte order is 24 bytes.",
  "btf_parse_hdr",
  "Can't load BTF with non-native endianness due to unsupported header length N",
  { errno: ENOTSUP },
);
const magic = libbpfRule("LB-03", "The magic is 0xeb9f.", "btf_parse_hdr", "Invalid BTF magic: X");
const headerLong = libbpfRule(
  "LB-04",
  "The header lies within the data.",
  "btf_parse_hdr",
  "BTF header len N larger than data size M",
);
const total = libbpfRule("LB-06", "The strings lie within the data.", "btf_parse_hdr", "Invalid BTF total size: N");
const layout = libbpfRule(
  "LB-07",
  "The types end before the strings begin.",
  "btf_parse_hdr",
  "Invalid BTF data sections layout: type data at A + B, strings data at C + D",
);
const aligned = libbpfRule(
  "LB-08",
  "The types begin at a multiple of 4.",
  "btf_parse_hdr",
  "BTF type section is not aligned to 4 bytes",
);
const strings = libbpfRule(
  "LB-10",
  "There are strings, and the last byte of them is 0.",
  "btf_parse_str_sec",
  "Invalid BTF string section",
);
const emptyFirst = libbpfRule(
  "LB-11",
  "The first string is empty.",
  "btf_parse_str_sec",
  "Malformed BTF string section, did you forget to provide base BTF?",
  { since: "1.7" },
);
const kindKnown = libbpfRule("LB-13", "Every kind is known.", "btf_type_size", "Unsupported BTF_KIND:N");
const recordWhole = libbpfRule(
  "LB-15",
  "Every type lies within the types.",
  "btf_parse_type_sec",
  "BTF type [N] is malformed",
);
const nothingLeft = libbpfRule(
  "LB-16",
  "The types end with the last one.",
  "btf_parse_type_sec",
  "BTF types data is malformed",
);
const nameInside = libbpfRule(
  "LB-17",
  "Every name lies within the strings.",
  "btf_validate_str",
  ["btf: type [N]: invalid W (string offset X)"],
  { since: "1.7" },
);
const idKnown = libbpfRule(
  "LB-18",
  "Every id that a type refers to is one of a type.",
  "btf_validate_id",
  "btf: type [N]: invalid referenced type ID X",
  { since: "1.7" },
);
const functionType = libbpfRule(
  "LB-19",
  "A FUNC is of a FUNC_PROTO.",
  "btf_validate_type",
  "btf: type [N]: referenced type [X] is not FUNC_PROTO",
  { since: "1.7" },
);

export const btfRules: readonly LoaderRule[] = [
  headerShort,
  headerForeign,
  magic,
  headerLong,
  total,
  layout,
  aligned,
  strings,
  emptyFirst,
  kindKnown,
  recordWhole,
  nothingLeft,
  nameInside,
  idKnown,
  functionType,
];

const K = KIND_NUMBER;

/** Kinds of which the size-or-type word is an id that must exist. */
const REFERRING: ReadonlySet<number> = new Set([
  K.ptr,
  K.typedef,
  K.volatile,
  K.const,
  K.restrict,
  K.var,
  K.declTag,
  K.typeTag,
  K.func,
]);

/** What a list's elements begin with: a name, called thus, and where in them an id stands, if one does. */
const LISTS: ReadonlyMap<number, readonly [what: string | undefined, idAt: number | undefined]> = new Map([
  [K.struct, ["field name", 4]],
  [K.union, ["field name", 4]],
  [K.enum, ["enum name", undefined]],
  [K.enum64, ["enum name", undefined]],
  [K.funcProto, ["param name", 4]],
  [K.datasec, [undefined, 0]],
]);

function checkHeader(blob: BtfBlob, foreign: boolean): { readonly typesAt: number; readonly typesEnd: number } {
  const size = blob.bytes.length;
  if (size < HEADER) throw new LibbpfRefusal(headerShort);
  const found = blob.view.getUint16(0, blob.littleEndian !== foreign);
  const [hdrLen = 0, typeOff = 0, typeLen = 0, strOff = 0, strLen = 0] = [4, 8, 12, 16, 20].map((at) => blob.u32(at));
  if (found === SWAPPED && hdrLen !== HEADER) {
    const line = `Can't load BTF with non-native endianness due to unsupported header length ${hdrLen}`;
    throw new LibbpfRefusal(headerForeign, line);
  }
  if (found !== MAGIC && found !== SWAPPED) {
    throw new LibbpfRefusal(magic, `Invalid BTF magic: ${found.toString(16)}`);
  }
  if (size < hdrLen) throw new LibbpfRefusal(headerLong, `BTF header len ${hdrLen} larger than data size ${size}`);
  if (size - hdrLen < strOff + strLen) throw new LibbpfRefusal(total, `Invalid BTF total size: ${size}`);
  if (typeOff + typeLen > strOff) {
    const line = `Invalid BTF data sections layout: type data at ${typeOff} + ${typeLen}, strings data at ${strOff} + ${strLen}`;
    throw new LibbpfRefusal(layout, line);
  }
  if (typeOff % 4 !== 0) throw new LibbpfRefusal(aligned);
  blob.stringsAt = hdrLen + strOff;
  blob.stringsLength = strLen;
  return { typesAt: hdrLen + typeOff, typesEnd: hdrLen + typeOff + typeLen };
}

function checkStrings(blob: BtfBlob, version: LibbpfVersion): void {
  const { stringsAt, stringsLength, bytes } = blob;
  if (stringsLength === 0 || stringsLength - 1 > MAX_STRINGS || bytes[stringsAt + stringsLength - 1] !== 0) {
    throw new LibbpfRefusal(strings);
  }
  if (bytes[stringsAt] !== 0 && !hasRule(version, emptyFirst)) throw new LibbpfRefusal(strings);
  if (bytes[stringsAt] !== 0) throw new LibbpfRefusal(emptyFirst);
}

function walkTypes(blob: BtfBlob, start: number, end: number): void {
  let at = start;
  while (at + BASE_SIZE <= end) {
    const kind = blob.kindAt(at);
    const tail = RECORD_TAIL.get(kind);
    if (tail === undefined) throw new LibbpfRefusal(kindKnown, `Unsupported BTF_KIND:${kind}`);
    const [fixed, each] = tail;
    const next = at + BASE_SIZE + fixed + each * blob.vlen(at);
    const typeId = blob.count;
    if (next > end) throw new LibbpfRefusal(recordWhole, `BTF type [${typeId}] is malformed`, { typeId });
    blob.add(at);
    at = next;
  }
  if (at !== end) throw new LibbpfRefusal(nothingLeft);
}

function checkName(blob: BtfBlob, offset: number, what: string, typeId: number): void {
  if (offset < blob.stringsLength) return;
  throw new LibbpfRefusal(nameInside, `btf: type [${typeId}]: invalid ${what} (string offset ${offset})`, { typeId });
}

function checkId(blob: BtfBlob, id: number, typeId: number): void {
  if (blob.kind(id) !== MISSING) return;
  throw new LibbpfRefusal(idKnown, `btf: type [${typeId}]: invalid referenced type ID ${id}`, { typeId });
}

function checkType(blob: BtfBlob, typeId: number): void {
  const at = blob.at(typeId);
  const kind = blob.kindAt(at);
  checkName(blob, blob.nameOff(at), "type name", typeId);
  if (REFERRING.has(kind)) checkId(blob, blob.word(at), typeId);
  const tail = blob.tail(at);
  if (kind === K.array) for (const word of [tail, tail + 4]) checkId(blob, blob.u32(word), typeId);
  if (kind === K.func && blob.kind(blob.word(at)) !== K.funcProto) {
    const line = `btf: type [${typeId}]: referenced type [${blob.word(at)}] is not FUNC_PROTO`;
    throw new LibbpfRefusal(functionType, line, { typeId });
  }
  const [what, idAt] = LISTS.get(kind) ?? [];
  const [, each = 0] = RECORD_TAIL.get(kind) ?? [];
  if (each === 0) return;
  for (let element = tail, i = 0; i < blob.vlen(at); i++, element += each) {
    if (what !== undefined) checkName(blob, blob.u32(element), what, typeId);
    if (idAt !== undefined) checkId(blob, blob.u32(element + idAt), typeId);
  }
}

/**
 * What libbpf's `btf__new` asks of a `.BTF`: that it can walk it, and from 1.3 on that names and ids lead somewhere. Throws a
 * `LibbpfRefusal`. `littleEndian` is the byte order of the machine; BTF of the other one is swapped as it is read.
 */
export function checkBtf(bytes: Uint8Array, littleEndian: boolean, version: LibbpfVersion): void {
  const foreign =
    bytes.length >= 2 && new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, littleEndian) === SWAPPED;
  const blob = new BtfBlob(bytes, littleEndian !== foreign, { kindMask: 0x1f, vlenMask: 0xffff });
  const { typesAt, typesEnd } = checkHeader(blob, foreign);
  checkStrings(blob, version);
  walkTypes(blob, typesAt, typesEnd);
  if (!hasRule(version, idKnown)) return;
  for (let id = 1; id < blob.count; id++) checkType(blob, id);
}
