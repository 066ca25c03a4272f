import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse, within } from "./rule.ts";
import type { Spec } from "./spec.ts";
import { goType } from "./types.ts";

const headerWhole = ciliumRule("CX-01", "A header is 24 bytes.", "btf.parseBTFExtHeader", "can't read header: EOF");
const magic = ciliumRule("CX-02", "The magic is 0xeb9f.", "btf.parseBTFExtHeader", "incorrect magic value N");
const version = ciliumRule("CX-03", "The version is 1.", "btf.parseBTFExtHeader", "unexpected version N");
const flags = ciliumRule("CX-04", "The header has no flags.", "btf.parseBTFExtHeader", "unsupported flags N");
const lengthShort = ciliumRule(
  "CX-05",
  "A header says that it is 24 bytes or longer.",
  "btf.parseBTFExtHeader",
  "header length shorter than btfExtHeader size",
);
const coreHeader = ciliumRule(
  "CX-06",
  "8 bytes follow the first 24, even if the header ends there: the place of the CO-RE relocations.",
  "btf.parseBTFExtCOREHeader",
  "can't read header: EOF",
);
const recordSize = ciliumRule(
  "CX-07",
  "A subsection begins with the size of its records; that of functions and that of lines must be there.",
  "btf.parseExtInfoRecordSize",
  "can't read record size: EOF",
);
const recordShort = ciliumRule(
  "CX-08",
  "A record is 4 bytes or longer.",
  "btf.parseExtInfoRecordSize",
  "record size too short",
);
const recordLong = ciliumRule(
  "CX-09",
  "A record is no longer than 256 bytes.",
  "btf.parseExtInfoRecordSize",
  "record size N exceeds 256",
);
const recordExact = ciliumRule("CX-10", "A record is 8 bytes, of a line 16, of a relocation 16.", "btf.parse…Records", [
  "expected FuncInfo record size 8, but BTF blob contains N",
  "expected LineInfo record size 16, but BTF blob contains N",
  "expected record size 16, got N",
]);
const sectionWhole = ciliumRule(
  "CX-11",
  "The records of a section begin with 8 bytes: its name and how many they are.",
  "btf.parseExtInfoSec",
  "read ext info header: unexpected EOF",
);
const sectionNamed = ciliumRule(
  "CX-12",
  "Records are those of a section with a name.",
  "btf.parseExtInfoSec",
  "extinfo header refers to empty section name",
);
const sectionFilled = ciliumRule(
  "CX-13",
  "A section that is named has records.",
  "btf.parseExtInfoSec",
  "section S has zero records",
);
const recordWhole = ciliumRule("CX-14", "As many records are there as said.", "btf.parse…Records", [
  "can't read function info: unexpected EOF",
  "can't read line info: unexpected EOF",
  "can't read CO-RE relocation: unexpected EOF",
]);
const aligned = ciliumRule(
  "CX-15",
  "The offset of an instruction is a multiple of 8.",
  "btf.parse…Records",
  "offset N is not aligned with instruction size",
);
const isFunc = ciliumRule(
  "CX-16",
  "A record of a function refers to a FUNC, unless to no type at all.",
  "btf.newFuncOffset",
  "type ID N is a T, but expected a Func",
);
const hasName = ciliumRule(
  "CX-17",
  "A function has a name.",
  "btf.newFuncOffset",
  "func with type ID N doesn't have a name",
);
const accessor = ciliumRule("CX-18", "An accessor is a list of numbers below 2^31.", "btf.parseCOREAccessor", [
  'accessor "": empty accessor',
  'accessor "S": accessor index "P": …',
]);

/** Told by who finds the section. */
export const extPlain: LoaderRule = ciliumRule(
  "CX-19",
  "The section is not compressed.",
  "btf.loadExtInfosFromELF",
  "compressed ext_info is not supported",
);

export const extRules: readonly LoaderRule[] = [
  extPlain,
  headerWhole,
  magic,
  version,
  flags,
  lengthShort,
  coreHeader,
  recordSize,
  recordShort,
  recordLong,
  recordExact,
  sectionWhole,
  sectionNamed,
  sectionFilled,
  recordWhole,
  aligned,
  isFunc,
  hasName,
  accessor,
];

const HEADER = 24;
const LONGEST = 256;
const INSTRUCTION = 8;
/** So many lines are read at once. */
const CHUNK = 1024;

/** The words of a part of the bytes, one after the other, as far as they go. */
class Words {
  private readonly view: DataView;
  private readonly littleEndian: boolean;
  private at: number;
  private readonly end: number;

  constructor(bytes: Uint8Array, littleEndian: boolean, start = 0, length: number = bytes.length) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = littleEndian;
    this.at = Math.min(start, bytes.length);
    this.end = Math.min(start + length, bytes.length);
  }

  /** Bytes that are left. */
  get left(): number {
    return Math.max(0, this.end - this.at);
  }

  next(): number {
    const word = this.view.getUint32(this.at, this.littleEndian);
    this.at += 4;
    return word;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** Refuses unless so many bytes are left. */
  need(count: number, rule: LoaderRule, what: string): void {
    if (this.left < count) refuse(rule, `${what}: ${this.left === 0 ? "EOF" : "unexpected EOF"}`);
  }
}

interface Table {
  readonly words: Words;
  /** Bytes of one record. */
  readonly size: number;
  readonly wrongSize: (found: number) => string;
  readonly what: string;
  /** Whether the size is looked at before there is a record. */
  readonly isEager: boolean;
  /** Whether all records are read before one is looked at. */
  readonly isWhole: boolean;
}

type Records = ReadonlyMap<string, readonly (readonly number[])[]>;

function readRecords(table: Table, count: number): readonly (readonly number[])[] {
  const { words, size, what, isWhole } = table;
  const unaligned: number[] = [];
  const records: number[][] = [];
  for (let i = 0; i < count; i++) {
    const together = isWhole && i % CHUNK === 0 ? Math.min(CHUNK, count - i) : 1;
    words.need(together * size, recordWhole, `can't read ${what}`);
    const record = Array.from({ length: size / 4 }, () => words.next());
    const [offset = 0] = record;
    if (offset % INSTRUCTION !== 0) {
      if (!isWhole) refuse(aligned, `offset ${offset} is not aligned with instruction size`);
      unaligned.push(offset);
    }
    record[0] = Math.floor(offset / INSTRUCTION);
    records.push(record);
  }
  if (unaligned.length > 0) refuse(aligned, `offset ${unaligned[0]} is not aligned with instruction size`);
  return records;
}

function readTable(table: Table, spec: Spec): Records {
  const { words, size, wrongSize } = table;
  words.need(4, recordSize, "can't read record size");
  const found = words.next();
  if (found < 4) refuse(recordShort);
  if (found > LONGEST) refuse(recordLong, `record size ${found} exceeds ${LONGEST}`);
  if (table.isEager && found !== size) refuse(recordExact, wrongSize(found));
  const sections = new Map<string, readonly (readonly number[])[]>();
  while (words.left > 0) {
    words.need(8, sectionWhole, "read ext info header");
    const nameOff = words.next();
    const count = words.next();
    const name = within("get section name", () => spec.strings.at(nameOff));
    if (name === "") refuse(sectionNamed);
    if (count === 0) refuse(sectionFilled, `section ${name} has zero records`);
    const records = within(`section ${name}`, () => {
      if (found !== size) refuse(recordExact, wrongSize(found));
      return readRecords(table, count);
    });
    sections.set(name, records);
  }
  return sections;
}

function checkFunction([, id = 0]: readonly number[], spec: Spec): void {
  const type = spec.type(id);
  if (type.kind !== "Func") refuse(isFunc, `type ID ${id} is a ${goType(type)}, but expected a Func`, { typeId: id });
  if (type.name === "") refuse(hasName, `func with type ID ${id} doesn't have a name`, { typeId: id });
}

function checkLine([, file = 0, line = 0]: readonly number[], spec: Spec): void {
  within("lookup of line", () => spec.strings.at(line));
  within("lookup of filename", () => spec.strings.at(file));
}

const MOST_INDEX = 0x7fff_ffff;

function checkRelocation([, id = 0, at = 0]: readonly number[], spec: Spec): void {
  spec.type(id);
  const text = spec.strings.at(at);
  if (text === "") refuse(accessor, 'accessor "": empty accessor', { typeId: id });
  const wrong = text.split(":").find((part) => !/^[0-9]+$/.test(part) || Number(part) > MOST_INDEX);
  if (wrong === undefined) return;
  refuse(accessor, `accessor ${JSON.stringify(text)}: accessor index ${JSON.stringify(wrong)}: …`, { typeId: id });
}

function checkAll(sections: Records, what: string, check: (record: readonly number[]) => void): void {
  for (const [name, records] of sections) {
    for (const record of records) {
      within(`section ${name}: ${what}: offset ${record[0]}`, () => check(record));
    }
  }
}

/** What the library says of a `.BTF.ext`; types that are not there make it drop the whole. Errors: CX-01 to CX-18, those of types. */
export function checkExt(bytes: Uint8Array, littleEndian: boolean, spec: Spec): void {
  const header = new Words(bytes, littleEndian);
  const [length = 0, funcOff = 0, funcLen = 0, lineOff = 0, lineLen = 0] = within(
    "parsing BTF extension header",
    () => {
      header.need(HEADER, headerWhole, "can't read header");
      const first = header.next();
      const low = littleEndian ? first & 0xffff : first >>> 16;
      if (low !== 0xeb9f) refuse(magic, `incorrect magic value ${low}`);
      if (bytes[2] !== 1) refuse(version, `unexpected version ${bytes[2]}`);
      if (bytes[3] !== 0) refuse(flags, `unsupported flags ${bytes[3]}`);
      const words = Array.from({ length: 5 }, () => header.next());
      if ((words[0] ?? 0) < HEADER) refuse(lengthShort);
      return words;
    },
  );
  within("parsing BTF CO-RE header", () => header.need(8, coreHeader, "can't read header"));
  const [coreOff, coreLen] = [header.next(), header.next()];
  const part = (offset: number, size: number): Words => new Words(bytes, littleEndian, (length + offset) >>> 0, size);
  const funcs = within("parsing BTF function info", () =>
    readTable(
      {
        words: part(funcOff, funcLen),
        size: 8,
        wrongSize: (found) => `expected FuncInfo record size 8, but BTF blob contains ${found}`,
        what: "function info",
        isEager: false,
        isWhole: false,
      },
      spec,
    ),
  );
  checkAll(funcs, "func infos", (record) => checkFunction(record, spec));
  const lines = within("parsing BTF line info", () =>
    readTable(
      {
        words: part(lineOff, lineLen),
        size: 16,
        wrongSize: (found) => `expected LineInfo record size 16, but BTF blob contains ${found}`,
        what: "line info",
        isEager: false,
        isWhole: true,
      },
      spec,
    ),
  );
  checkAll(lines, "line infos", (record) => checkLine(record, spec));
  if (coreLen === 0) return;
  const relocations = within("parsing CO-RE relocation info", () =>
    readTable(
      {
        words: part(coreOff, coreLen),
        size: 16,
        wrongSize: (found) => `expected record size 16, got ${found}`,
        what: "CO-RE relocation",
        isEager: true,
        isWhole: false,
      },
      spec,
    ),
  );
  checkAll(relocations, "CO-RE relocations", (record) => checkRelocation(record, spec));
}
