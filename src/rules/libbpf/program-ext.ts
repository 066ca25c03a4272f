/** `.BTF.ext` as libbpf hands it out: which records are one program's (`adjust_prog_btf_ext_info`). */
import type { Btf } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { INSN_SIZE } from "../../elf/insn.ts";
import type { ElfView } from "../../elf/model.ts";
import { sectionNamed } from "../../elf/symbols.ts";
import type { CollectedProgram } from "./collect.ts";

/** Records of one section, as they lie. */
interface RecordList {
  /** Index of the ELF section that they are of; 0 where there is none of the name. */
  readonly section: number;
  /** First byte of the first record. */
  readonly start: number;
  /** Number of the instruction of each. */
  readonly insns: Uint32Array;
  readonly isSorted: boolean;
}

/** func_info or line_info, of which `checkExt` took the form. */
export interface RecordTable {
  readonly bytes: Uint8Array;
  readonly recordSize: number;
  readonly lists: readonly RecordList[];
}

/** Where the header says the tables are. */
const PLACES = { funcInfo: 8, lineInfo: 16 } as const;

const SWAPPED = 0x9feb;

/** A `.BTF.ext` that `checkExt` took in the byte order of the machine: libbpf turns every word of one in the other (`btf_ext_bswap_info`). */
export function nativeExt(bytes: Uint8Array, littleEndian: boolean): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0, littleEndian) !== SWAPPED) return bytes;
  const native = new DataView(new ArrayBuffer(bytes.length & ~3));
  for (let at = 0; at < native.byteLength; at += 4)
    native.setUint32(at, view.getUint32(at, !littleEndian), littleEndian);
  return new Uint8Array(native.buffer);
}

/**
 * A table of a `.BTF.ext` that `checkExt` took, in the byte order of the machine (`nativeExt`); undefined if it is empty. `btf` has the names of
 * the sections.
 */
export function recordTable(
  bytes: Uint8Array,
  which: keyof typeof PLACES,
  btf: Btf,
  elf: ElfView,
): RecordTable | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number): number => view.getUint32(at, elf.littleEndian);
  const length = u32(PLACES[which] + 4);
  if (length === 0) return undefined;
  const start = u32(4) + u32(PLACES[which]);
  const recordSize = u32(start);
  const lists: RecordList[] = [];
  for (let at = start + 4; at < start + length; ) {
    const name = u32(at) === 0 ? "" : nameText(btf, u32(at));
    const count = u32(at + 4);
    const section = (name === "" ? undefined : sectionNamed(elf, name)?.index) ?? 0;
    const insns = new Uint32Array(count);
    let isSorted = true;
    for (let index = 0; index < count; index++) {
      insns[index] = Math.floor(u32(at + 8 + index * recordSize) / INSN_SIZE);
      if (index > 0 && (insns[index] ?? 0) < (insns[index - 1] ?? 0)) isSorted = false;
    }
    lists.push({ section, start: at + 8, insns, isSorted });
    at += 8 + count * recordSize;
  }
  return { bytes, recordSize, lists };
}

/** Position of the first record at or after an instruction; the list is sorted. */
function firstFrom({ insns }: RecordList, insn: number): number {
  let [low, high] = [0, insns.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((insns[middle] ?? 0) < insn) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Positions of the records from the first within a program to the last before one that is past it, whatever lies between. */
function rangeOf(list: RecordList, first: number, end: number): readonly [from: number, to: number] {
  if (list.isSorted) return [firstFrom(list, first), firstFrom(list, end)];
  let [from, to] = [-1, 0];
  for (const [index, insn] of list.insns.entries()) {
    if (insn < first) continue;
    if (insn >= end) break;
    if (from < 0) from = index;
    to = index + 1;
  }
  return [Math.max(from, 0), to];
}

/**
 * The records of a program, their instructions counted from where the program stands in what is sent; undefined where there are none.
 * `spend` is told how many were looked at.
 */
export function recordsOfProgram(
  table: RecordTable,
  program: CollectedProgram,
  sentAt: number,
  littleEndian: boolean,
  spend: (records: number) => void,
): Uint8Array | undefined {
  const { bytes, recordSize, lists } = table;
  const list = lists.find(({ section }) => section === program.section);
  if (list === undefined) return undefined;
  const first = program.offset / INSN_SIZE;
  const [from, to] = rangeOf(list, first, first + program.size / INSN_SIZE);
  spend(list.isSorted ? to - from : list.insns.length);
  if (from === to) return undefined;
  const copy = bytes.slice(list.start + from * recordSize, list.start + to * recordSize);
  const words = new DataView(copy.buffer);
  for (let at = 0; at < copy.length; at += recordSize) {
    const insn = Math.floor(words.getUint32(at, littleEndian) / INSN_SIZE) + sentAt - first;
    words.setUint32(at, insn, littleEndian);
  }
  return copy;
}
