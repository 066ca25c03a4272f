import { BASE_SIZE } from "../../btf/kind.ts";
import { KIND_NUMBER } from "../../btf/model.ts";
import { BtfBlob, RECORD_TAIL } from "../btf-blob.ts";
import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse, within } from "./rule.ts";
import { StringTable } from "./strings.ts";

const source = "btf.parseBTFHeader";
const headerShort = ciliumRule("CB-01", "A header is 24 bytes.", source, "read header: buffer too small");
const magic = ciliumRule("CB-02", "The magic is 0xeb9f in either byte order.", source, "no valid BTF header");
const version = ciliumRule("CB-03", "The version is 1.", source, "unexpected version N");
const flags = ciliumRule("CB-04", "The header has no flags.", source, "unsupported flags N");
const lengthShort = ciliumRule(
  "CB-05",
  "A header says that it is 24 bytes or longer.",
  source,
  "header length shorter than minimum BTF header size",
);
const lengthLong = ciliumRule(
  "CB-06",
  "The header lies within the data.",
  source,
  "header length exceeds available data",
);
const trailer = ciliumRule(
  "CB-07",
  "What the header holds beyond the layout is zero.",
  source,
  "header contains non-zero trailer",
);
const stringsInside = ciliumRule(
  "CB-08",
  "The strings lie within the data.",
  "btf.loadRawSpec",
  "string table is out of bounds",
);
const typesInside = ciliumRule(
  "CB-09",
  "The types lie within the data.",
  "btf.loadRawSpec",
  "types section is out of bounds",
);
const baseWhole = ciliumRule(
  "CB-15",
  "The types end with a whole record.",
  "btf.unmarshalBtfType",
  "unmarshal type header: not enough bytes to unmarshal btfType",
);
const kindKnown = ciliumRule("CB-16", "Every kind is known.", "btf.btfType.DataLen", "unknown kind: N");
const recordWhole = ciliumRule(
  "CB-17",
  "Every type lies within the types.",
  "btf.allBtfTypeOffsets",
  "auxiliary type data: unexpected EOF",
);
const orderEqual = ciliumRule(
  "CB-18",
  "The BTF is in the byte order of the object.",
  "btf.loadSpecFromELF",
  "BTF byte order A does not match ELF byte order B",
);

export const blobRules: readonly LoaderRule[] = [
  headerShort,
  magic,
  version,
  flags,
  lengthShort,
  lengthLong,
  trailer,
  stringsInside,
  typesInside,
  baseWhole,
  kindKnown,
  recordWhole,
  orderEqual,
];

const HEADER = 24;
/** Header bytes that may be anything: the layout's place and length. */
const LAYOUT_HEADER = 32;
const MAGIC = 0xeb9f;
const KIND_TEXT = "unknown kind: ";

const K = KIND_NUMBER;

/** A blob as the library indexes it: every record found, none of it looked into but its name. */
export interface Indexed {
  readonly blob: BtfBlob;
  readonly strings: StringTable;
  /** Ids of the types by their names without a flavour ("___x"), ascending. */
  readonly named: ReadonlyMap<string, readonly number[]>;
  /** Ids of the DECL_TAGs of a type. */
  readonly tags: ReadonlyMap<number, readonly number[]>;
}

interface Places {
  readonly blob: BtfBlob;
  readonly strings: StringTable;
  readonly typesAt: number;
  readonly typesEnd: number;
}

function readHeader(bytes: Uint8Array): { readonly blob: BtfBlob; readonly base: number } {
  if (bytes.length < HEADER) refuse(headerShort);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = view.getUint16(0, true) === MAGIC;
  if (!littleEndian && view.getUint16(0, false) !== MAGIC) refuse(magic);
  const blob = new BtfBlob(bytes, littleEndian, { kindMask: 0x1f, vlenMask: 0xffff });
  if (bytes[2] !== 1) refuse(version, `unexpected version ${bytes[2]}`);
  if (bytes[3] !== 0) refuse(flags, `unsupported flags ${bytes[3]}`);
  const headerLength = blob.u32(4);
  if (headerLength < HEADER) refuse(lengthShort);
  if (headerLength > bytes.length) refuse(lengthLong);
  const known = headerLength >= LAYOUT_HEADER ? LAYOUT_HEADER : HEADER;
  if (bytes.subarray(known, headerLength).some((byte) => byte !== 0)) refuse(trailer);
  return { blob, base: headerLength };
}

function readPlaces(bytes: Uint8Array): Places {
  const { blob, base } = within("parsing .BTF header", () => readHeader(bytes));
  const [typeOff = 0, typeLen = 0, strOff = 0, strLen = 0] = [8, 12, 16, 20].map((at) => blob.u32(at));
  const available = bytes.length - base;
  if (strOff + strLen > available) refuse(stringsInside);
  const strings = within(
    "read string section",
    () => new StringTable(bytes.subarray(base + strOff, base + strOff + strLen)),
  );
  if (typeOff + typeLen > available) refuse(typesInside);
  return { blob, strings, typesAt: base + typeOff, typesEnd: base + typeOff + typeLen };
}

function findRecords({ blob, typesAt, typesEnd }: Places): void {
  for (let at = typesAt; at < typesEnd; ) {
    const typeId = blob.count;
    if (at + BASE_SIZE > typesEnd) refuse(baseWhole, baseWhole.text[0], { typeId });
    const kind = blob.kindAt(at);
    const tail = RECORD_TAIL.get(kind);
    if (tail === undefined) refuse(kindKnown, `${KIND_TEXT}${kind === 0 ? "Unknown" : `btfKind(${kind})`}`, { typeId });
    const next = at + BASE_SIZE + tail[0] + tail[1] * blob.vlen(at);
    if (next > typesEnd) refuse(recordWhole, recordWhole.text[0], { typeId });
    blob.add(at);
    at = next;
  }
}

function push<K>(lists: Map<K, number[]>, key: K, id: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [id]);
  else list.push(id);
}

/** The name without what stands behind its last "___". */
export function withoutFlavour(name: string, from: number): string {
  const at = name.lastIndexOf("___");
  return at >= from ? name.slice(0, at) : name;
}

/** Reads a `.BTF` in the library's way. Errors: CB-01 to CB-17. */
export function indexBlob(bytes: Uint8Array): Indexed {
  const places = readPlaces(bytes);
  findRecords(places);
  const { blob, strings } = places;
  const named = new Map<string, number[]>();
  const tags = new Map<number, number[]>();
  for (let id = 1; id < blob.count; id++) {
    const at = blob.at(id);
    if (blob.kindAt(at) === K.declTag) push(tags, blob.word(at), id);
    const offset = blob.nameOff(at);
    if (offset === 0) continue;
    const name = within(`lookup type name for id ${id}`, () => strings.at(offset), { typeId: id });
    if (name !== "") push(named, withoutFlavour(name, 0), id);
  }
  return { blob, strings, named, tags };
}

/** Errors: CB-18. */
export function checkOrder({ blob }: Indexed, littleEndian: boolean): void {
  if (blob.littleEndian === littleEndian) return;
  const name = (little: boolean): string => (little ? "LittleEndian" : "BigEndian");
  refuse(orderEqual, `BTF byte order ${name(!littleEndian)} does not match ELF byte order ${name(littleEndian)}`);
}
