import { encodeBtf } from "../src/btf/encode.ts";
import { encodeBtfExt } from "../src/btf/ext.ts";
import type { BtfExt, CoreRelo, ExtSection, FuncInfo } from "../src/btf/ext-model.ts";
import type { Btf } from "../src/btf/model.ts";
import { concat } from "./btf/assemble.ts";

/** Assembles ELF64 objects for the BPF machine from parts, apart from `src/elf` and `src/patch`: layout as in elf(5). */

/** A section; flags and type default to those of a data section ("aw") or of code where `insns` are given. */
export interface ObjectSection {
  readonly name: string;
  readonly bytes?: Uint8Array;
  /** Code: instructions of 8 bytes as `[opcode, registers, offset, immediate]`. */
  readonly insns?: readonly Insn[];
  /** SHT_* and SHF_*. */
  readonly type?: number;
  readonly flags?: number;
  /** SHT_REL entries for this section, by symbol name. */
  readonly relocations?: readonly { readonly offset: number; readonly type: number; readonly symbol: string }[];
}

/** Opcode, destination | source << 4, 16-bit offset, 32-bit immediate. */
export type Insn = readonly [code: number, registers: number, offset: number, immediate: number];

/** A symbol; global and STT_OBJECT (in code STT_FUNC) by default. `section` by name or position in the list; undefined: undefined symbol. */
export interface ObjectSymbol {
  readonly name: string;
  readonly section?: string | number;
  readonly value?: number;
  readonly size?: number;
  readonly binding?: number;
  readonly type?: number;
  readonly visibility?: number;
}

export interface ObjectParts {
  readonly littleEndian?: boolean;
  readonly sections?: readonly ObjectSection[];
  readonly symbols?: readonly ObjectSymbol[];
  readonly btf?: Btf | Uint8Array;
  readonly ext?: BtfExt;
}

const PROGBITS = 1;
const SYMTAB = 2;
const STRTAB = 3;
const REL = 9;
const WRITE_ALLOC = 3;
const ALLOC_EXEC = 6;
const HEADER = 64;
/** STT_SECTION: its name is for relocations here; the file has none, as LLVM writes it. */
const SECTION_SYMBOL = 3;

export const EXIT: Insn = [0x95, 0, 0, 0];
/** rN = value. */
export const move = (register: number, value: number): Insn => [0xb7, register, 0, value];
/** Call of a subprogram; its relocation adds to the -1. */
export const CALL: Insn = [0x85, 0x10, 0, -1];
export const R_BPF_64_32 = 10;

/** The instructions in the byte order of the machine. */
export function code(insns: readonly Insn[], littleEndian = true): Uint8Array {
  const view = new DataView(new ArrayBuffer(insns.length * 8));
  for (const [index, [opcode, registers, offset, immediate]] of insns.entries()) {
    view.setUint8(index * 8, opcode);
    // Big-endian machines hold the two registers the other way round.
    view.setUint8(index * 8 + 1, littleEndian ? registers : ((registers & 15) << 4) | (registers >> 4));
    view.setInt16(index * 8 + 2, offset, littleEndian);
    view.setInt32(index * 8 + 4, immediate, littleEndian);
  }
  return new Uint8Array(view.buffer);
}

/** A string table that grows; the empty name is 0. */
function namePool(): { at(name: string): number; bytes(): Uint8Array } {
  const parts: Uint8Array[] = [new Uint8Array(1)];
  let end = 1;
  return {
    at(name) {
      if (name === "") return 0;
      const bytes = new TextEncoder().encode(`${name}\0`);
      parts.push(bytes);
      end += bytes.length;
      return end - bytes.length;
    },
    bytes: () => concat(parts),
  };
}

interface RawSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
  readonly link?: number;
  readonly info?: number;
  readonly entsize?: number;
}

/** The object: null section, the given ones, `.BTF`, `.BTF.ext`, one `.rel<name>` a section with relocations, symbols, names. */
export function buildObject(parts: ObjectParts): Uint8Array {
  const littleEndian = parts.littleEndian ?? true;
  const given = parts.sections ?? [];
  const isCode = (index: number): boolean => given[index - 1]?.insns !== undefined;
  const indexOf = (section: string | number | undefined): number => {
    if (section === undefined) return 0;
    const index = typeof section === "number" ? section : given.findIndex(({ name }) => name === section);
    if (given[index] === undefined) throw new Error(`no section ${section}`);
    return index + 1;
  };
  const sections: RawSection[] = given.map((section) => ({
    name: section.name,
    type: section.type ?? PROGBITS,
    flags: section.flags ?? (section.insns === undefined ? WRITE_ALLOC : ALLOC_EXEC),
    bytes: section.insns === undefined ? (section.bytes ?? new Uint8Array(0)) : code(section.insns, littleEndian),
  }));
  const data = (name: string, bytes: Uint8Array): number => sections.push({ name, type: PROGBITS, flags: 0, bytes });
  const { btf, ext } = parts;
  if (btf !== undefined) data(".BTF", btf instanceof Uint8Array ? btf : encodeBtf(btf));
  if (ext !== undefined) data(".BTF.ext", encodeBtfExt(ext));

  const names = namePool();
  const local = (symbol: ObjectSymbol): number => Number((symbol.binding ?? 1) !== 0);
  const symbols = [...(parts.symbols ?? [])].sort((a, b) => local(a) - local(b));
  const rels = given.flatMap((section, index) =>
    section.relocations === undefined ? [] : [{ index: index + 1, name: section.name, list: section.relocations }],
  );
  const symtabIndex = sections.length + rels.length + 1;
  for (const { index, name, list } of rels) {
    const view = new DataView(new ArrayBuffer(list.length * 16));
    for (const [entry, { offset, type, symbol }] of list.entries()) {
      const number = symbols.findIndex((candidate) => candidate.name === symbol) + 1;
      if (number === 0) throw new Error(`no symbol ${symbol}`);
      view.setBigUint64(entry * 16, BigInt(offset), littleEndian);
      view.setBigUint64(entry * 16 + 8, (BigInt(number) << 32n) | BigInt(type), littleEndian);
    }
    const bytes = new Uint8Array(view.buffer);
    sections.push({ name: `.rel${name}`, type: REL, flags: 0, bytes, link: symtabIndex, info: index, entsize: 16 });
  }
  const table = new DataView(new ArrayBuffer((symbols.length + 1) * 24));
  for (const [index, symbol] of symbols.entries()) {
    const section = indexOf(symbol.section);
    const type = symbol.type ?? (section === 0 ? 0 : isCode(section) ? 2 : 1);
    const at = (index + 1) * 24;
    table.setUint32(at, type === SECTION_SYMBOL ? 0 : names.at(symbol.name), littleEndian);
    table.setUint8(at + 4, ((symbol.binding ?? 1) << 4) | type);
    table.setUint8(at + 5, symbol.visibility ?? 0);
    table.setUint16(at + 6, section, littleEndian);
    table.setBigUint64(at + 8, BigInt(symbol.value ?? 0), littleEndian);
    table.setBigUint64(at + 16, BigInt(symbol.size ?? 0), littleEndian);
  }
  const locals = symbols.filter((symbol) => local(symbol) === 0).length;
  sections.push({
    name: ".symtab",
    type: SYMTAB,
    flags: 0,
    bytes: new Uint8Array(table.buffer),
    link: symtabIndex + 1,
    info: locals + 1,
    entsize: 24,
  });
  const nameOffsets = [...sections.map(({ name }) => names.at(name)), names.at(".strtab")];
  sections.push({ name: ".strtab", type: STRTAB, flags: 0, bytes: names.bytes() });
  return layOut(sections, nameOffsets, littleEndian);
}

function layOut(sections: readonly RawSection[], nameOffsets: readonly number[], littleEndian: boolean): Uint8Array {
  const up = (at: number): number => (at + 7) & ~7;
  let end = HEADER;
  const offsets = sections.map(({ bytes }) => {
    const offset = up(end);
    end = offset + bytes.length;
    return offset;
  });
  const headers = up(end);
  const output = new Uint8Array(headers + (sections.length + 1) * HEADER);
  const view = new DataView(output.buffer);
  output.set([0x7f, 0x45, 0x4c, 0x46, 2, littleEndian ? 1 : 2, 1]);
  const u16 = (at: number, value: number): void => view.setUint16(at, value, littleEndian);
  const u32 = (at: number, value: number): void => view.setUint32(at, value, littleEndian);
  const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), littleEndian);
  u16(16, 1);
  u16(18, 247);
  u32(20, 1);
  u64(40, headers);
  u16(52, HEADER);
  u16(58, HEADER);
  u16(60, sections.length + 1);
  u16(62, sections.length);
  for (const [index, { type, flags, bytes, link, info, entsize }] of sections.entries()) {
    const offset = offsets[index] ?? 0;
    output.set(bytes, offset);
    const at = headers + (index + 1) * HEADER;
    u32(at, nameOffsets[index] ?? 0);
    u32(at + 4, type);
    u64(at + 8, flags);
    u64(at + 24, offset);
    u64(at + 32, bytes.length);
    u32(at + 40, link ?? 0);
    u32(at + 44, info ?? 0);
    u64(at + 48, 8);
    u64(at + 56, entsize ?? 0);
  }
  return output;
}

/** A `.BTF.ext` with these func_info and core_relo records by section, as `[secNameOff, records]`. */
export function makeExt(
  littleEndian: boolean,
  tables: {
    readonly funcInfo?: readonly (readonly [number, readonly FuncInfo[]])[];
    readonly coreRelo?: readonly (readonly [number, readonly CoreRelo[]])[];
  },
): BtfExt {
  const sections = <Rec>(list: readonly (readonly [number, readonly Rec[]])[]): readonly ExtSection<Rec>[] =>
    list.map(([secNameOff, records]) => ({ secNameOff, records }));
  return {
    littleEndian,
    version: 1,
    flags: 0,
    header: new Uint8Array(tables.coreRelo === undefined ? 16 : 24),
    funcInfo: tables.funcInfo && { recordSize: 8, sections: sections(tables.funcInfo) },
    lineInfo: undefined,
    coreRelo: tables.coreRelo && { recordSize: 16, sections: sections(tables.coreRelo) },
  };
}
