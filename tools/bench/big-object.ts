import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheRoot } from "../judges/cache.ts";
import { writeAbbreviations } from "./abbreviations.ts";
import { Bytes, bpfObject, type WrittenSection } from "./object-bytes.ts";
import { FUNCTION_SIZE, UNIT_HEADER, type WrittenUnit, writeUnit } from "./unit-writer.ts";

/** A made-up object in the cache. */
export interface BigObject {
  readonly path: string;
  readonly units: number;
  readonly dies: number;
  /** Bytes of `.debug_info`. */
  readonly infoSize: number;
}

/** Bytes of `.debug_info` of a unit of a large program; of a C program with kernel headers, some 300 kB. */
const UNIT_SIZE = 310_000;
/** Of 1000 shared structs, how many a unit of that size defines. */
const SHARE = 450;

const SHT = { progbits: 1, symtab: 2, strtab: 3, nobits: 8, rel: 9 } as const;
const SHF_WRITE = 1;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;
const R_BPF_64_ABS64 = 2;
/** Numbers of the sections in the order of `sectionsOf`. */
const TEXT = 1;
const DATA = 2;
const SYMTAB = 4;
const STRTAB = 5;
const ADDR = 10;
const LINE = 12;

const SOURCES = ["abbreviations.ts", "big-object.ts", "object-bytes.ts", "program-model.ts", "unit-writer.ts"];

/**
 * A BPF object with about `size` bytes of `.debug_info` (DWARF 5, little-endian, relocated in place but for addresses): units of at most
 * some 300 kB, each with its own copy of shared and own types, functions and variables. It has no
 * `.BTF`. Kept in the cache under the content of its generator.
 */
export function bigObject(size: number): BigObject {
  const folder = dirname(fileURLToPath(import.meta.url));
  const hash = createHash("sha256").update(String(size));
  for (const source of SOURCES) hash.update(readFileSync(join(folder, source)));
  const path = join(cacheRoot(), "bench", `${size}-${hash.digest("hex").slice(0, 16)}.o`);
  const facts = `${path}.json`;
  if (!existsSync(facts)) {
    mkdirSync(dirname(path), { recursive: true });
    const { pieces, ...counts } = writeProgram(size);
    const file = openSync(`${path}.part`, "w");
    for (const piece of pieces) writeSync(file, piece);
    closeSync(file);
    renameSync(`${path}.part`, path);
    writeFileSync(facts, JSON.stringify(counts));
  }
  return { path, ...(JSON.parse(readFileSync(facts, "utf8")) as Omit<BigObject, "path">) };
}

/** What all units write to. */
interface Program {
  readonly info: Bytes;
  readonly str: Bytes;
  readonly strOffsets: Bytes;
  readonly addr: Bytes;
  readonly addrRel: Bytes;
  readonly line: Bytes;
  readonly lineRel: Bytes;
  readonly strings: Map<string, number>;
  readonly symbols: { readonly name: string; value: number; size: number; section: number; global: boolean }[];
  code: number;
  data: number;
}

function writeProgram(size: number): Omit<BigObject, "path"> & { readonly pieces: readonly Uint8Array[] } {
  const units = Math.max(1, Math.round(size / UNIT_SIZE));
  const unitSize = Math.round(size / units);
  const share = Math.min(SHARE, Math.ceil((SHARE * unitSize) / UNIT_SIZE));
  const program: Program = {
    info: new Bytes(),
    str: new Bytes(),
    strOffsets: new Bytes(),
    addr: new Bytes(),
    addrRel: new Bytes(),
    line: new Bytes(),
    lineRel: new Bytes(),
    strings: new Map(),
    symbols: [],
    code: 0,
    data: 0,
  };
  let dies = 0;
  for (let number = 0; number < units; number++) {
    const places = {
      strOffsets: program.strOffsets.length + 8,
      addresses: program.addr.length + 8,
      lines: program.line.length,
    };
    const unit = writeUnit({ number, size: unitSize, share }, places);
    appendUnit(program, unit, number);
    dies += unit.count;
  }
  return { pieces: bpfObject(sectionsOf(program)), units, dies, infoSize: program.info.length };
}

function appendUnit(program: Program, unit: WrittenUnit, number: number): void {
  const { info, str, strOffsets, addr, addrRel, strings, symbols, code, data } = program;
  info
    .u32(unit.dies.length + UNIT_HEADER - 4)
    .u16(5)
    .u8(1)
    .u8(8)
    .u32(0)
    .bytes(unit.dies);
  strOffsets
    .u32(4 + 4 * unit.strings.length)
    .u16(5)
    .u16(0);
  for (const text of unit.strings) {
    const at = strings.get(text) ?? str.length;
    if (at === str.length) {
      strings.set(text, at);
      str.text(text);
    }
    strOffsets.u32(at);
  }
  addr
    .u32(4 + 8 * unit.addresses.length)
    .u16(5)
    .u8(8)
    .u8(0);
  for (const { code: isCode, offset } of unit.addresses) {
    addrRel
      .u64(addr.length)
      .u32(R_BPF_64_ABS64)
      .u32(isCode ? TEXT : DATA);
    addr.u64(offset + (isCode ? code : data));
  }
  writeLines(program, unit, number);
  for (const { name, offset, size, global } of unit.functions) {
    symbols.push({ name, value: code + offset, size, section: TEXT, global });
  }
  for (const { name, offset, size, global } of unit.variables) {
    symbols.push({ name, value: data + offset, size, section: DATA, global });
  }
  program.code += unit.functions.length * FUNCTION_SIZE;
  program.data += unit.variables.length * 8;
}

/** The unit's line program (DWARF 5, section 6.2): five rows a function. */
function writeLines({ line, lineRel, code }: Program, { functions }: WrittenUnit, number: number): void {
  const start = line.length;
  line.u32(0).u16(5).u8(8).u8(0).u32(0);
  const header = line.length;
  line.u8(8).u8(1).u8(1).u8(0xfb).u8(14).u8(13).bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]);
  // One directory and two files, each named in place (DW_LNCT_path, DW_FORM_string; DW_LNCT_directory_index, DW_FORM_udata).
  line.u8(1).bytes([1, 8]).uleb(1).text("/src");
  line.u8(2).bytes([1, 8, 2, 0x0f]).uleb(2).text(`unit_${number}.c`).uleb(0).text(`unit_${number}.c`).uleb(0);
  line.set32(header - 4, line.length - header);
  line.bytes([0, 9, 2]);
  lineRel.u64(line.length).u32(R_BPF_64_ABS64).u32(TEXT);
  line.u64(code);
  for (const [index] of functions.entries()) {
    for (let row = 0; row < 5; row++) {
      // DW_LNS_set_column, advance_line by 1, copy, advance_pc.
      line.bytes([5, (index + row) % 60, 3, 1, 1, 2]).uleb(row === 4 ? FUNCTION_SIZE / 8 - 8 : 2);
    }
  }
  line.bytes([0, 1, 1]);
  line.set32(start, line.length - start - 4);
}

function sectionsOf(program: Program): readonly WrittenSection[] {
  const { progbits, symtab, strtab, rel } = SHT;
  const text = new Uint8Array(program.code);
  // Each function is `r0 = 0` until its `exit`.
  for (let at = 0; at < text.length; at += 8) text[at] = at % FUNCTION_SIZE === FUNCTION_SIZE - 8 ? 0x95 : 0xb7;
  const names = new Bytes().u8(0);
  const table = new Bytes().bytes(new Uint8Array(24));
  // The first two name the sections of code and data, and are numbered as these are.
  for (const section of [TEXT, DATA]) table.u32(0).u8(3).u8(0).u16(section).u64(0).u64(0);
  const locals = program.symbols.filter(({ global }) => !global);
  for (const { name, value, size, section, global } of [...locals, ...program.symbols.filter((s) => s.global)]) {
    table
      .u32(names.length)
      .u8((global ? 16 : 0) | (section === TEXT ? 2 : 1))
      .u8(0)
      .u16(section)
      .u64(value)
      .u64(size);
    names.text(name);
  }
  const abbreviations = new Bytes();
  writeAbbreviations(abbreviations);
  const relocated = (name: string, bytes: Bytes, info: number): WrittenSection => {
    return { name, type: rel, bytes: bytes.finish(), link: SYMTAB, info, entrySize: 16 };
  };
  const debug = (name: string, bytes: Bytes): WrittenSection => ({ name, type: progbits, bytes: bytes.finish() });
  return [
    { name: ".text", type: progbits, flags: SHF_ALLOC | SHF_EXECINSTR, bytes: text },
    { name: ".data", type: progbits, flags: SHF_ALLOC | SHF_WRITE, bytes: new Uint8Array(program.data) },
    { name: "license", type: progbits, flags: SHF_ALLOC | SHF_WRITE, bytes: Buffer.from("GPL\0") },
    { name: ".symtab", type: symtab, bytes: table.finish(), link: STRTAB, info: 3 + locals.length, entrySize: 24 },
    { name: ".strtab", type: strtab, bytes: names.finish() },
    debug(".debug_abbrev", abbreviations),
    debug(".debug_info", program.info),
    debug(".debug_str", program.str),
    debug(".debug_str_offsets", program.strOffsets),
    debug(".debug_addr", program.addr),
    relocated(".rel.debug_addr", program.addrRel, ADDR),
    debug(".debug_line", program.line),
    relocated(".rel.debug_line", program.lineRel, LINE),
  ];
}
