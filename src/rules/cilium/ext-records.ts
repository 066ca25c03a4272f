import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse, within } from "./rule.ts";
import type { Spec } from "./spec.ts";

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
export const recordRules: readonly LoaderRule[] = [
  recordSize,
  recordShort,
  recordLong,
  recordExact,
  sectionWhole,
  sectionNamed,
  sectionFilled,
  recordWhole,
  aligned,
];

const LONGEST = 256;
const INSTRUCTION = 8;
/** So many lines are read at once. */
const CHUNK = 1024;

/** The words of a part of the bytes, one after the other, as far as they go. */
export class Words {
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

  /** Refuses unless so many bytes are left. */
  need(count: number, rule: LoaderRule, what: string): void {
    if (this.left < count) refuse(rule, `${what}: ${this.left === 0 ? "EOF" : "unexpected EOF"}`);
  }
}

/** How one subsection is read. */
export interface Table {
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

/** Words of the records of each section. */
export type Records = ReadonlyMap<string, readonly (readonly number[])[]>;

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

/** Reads a subsection. Errors: CX-07 to CX-15. */
export function readTable(table: Table, spec: Spec): Records {
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
