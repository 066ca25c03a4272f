/**
 * A second reader of ELF, for judging ours: sections, symbols, and what each relocation of code refers to. Written from elf(5) and the
 * BPF psABI apart from `src/`, so that a mistake there does not hide itself here.
 */

export interface FileSection {
  readonly name: string;
  readonly type: number;
  readonly isCode: boolean;
  /** Position of the section header's name in `.shstrtab`, and of the header in the file. */
  readonly nameAt: number;
  readonly headerAt: number;
  readonly link: number;
  readonly info: number;
  readonly bytes: Buffer;
}

export interface FileSymbol {
  readonly name: string;
  readonly type: number;
  readonly section: number;
  readonly value: number;
  readonly size: number;
}

export interface ObjectFile {
  readonly littleEndian: boolean;
  readonly sections: readonly FileSection[];
  readonly symbols: readonly FileSymbol[];
}

/** What the instruction at `offset` of the code section refers to: an object in a section (its symbol, if one lies there). */
export interface CodeReference {
  readonly code: number;
  readonly offset: number;
  readonly section: string;
  readonly symbol: string | undefined;
}

const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHT_REL = 9;
const SHF_EXECINSTR = 4;
const STT_SECTION = 3;
const R_BPF_64_64 = 1;
const R_BPF_64_ABS64 = 2;
const R_BPF_64_32 = 10;

function text(bytes: Buffer, at: number): string {
  return bytes.toString("utf8", at, bytes.indexOf(0, at));
}

/** Reads a well-formed ELF64 object; throws on anything else. */
export function readObjectFile(object: Uint8Array): ObjectFile {
  const file = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2) throw new Error("not an ELF64 file");
  const littleEndian = file[5] === 1;
  const { u16, u32, u64 } = words(littleEndian);
  const headers = u64(file, 0x28);
  const count = u16(file, 0x3c);
  const raw = Array.from({ length: count }, (_, index) => {
    const headerAt = headers + index * 64;
    const type = u32(file, headerAt + 4);
    const offset = u64(file, headerAt + 24);
    return {
      nameAt: u32(file, headerAt),
      headerAt,
      type,
      isCode: (u64(file, headerAt + 8) & SHF_EXECINSTR) !== 0,
      link: u32(file, headerAt + 40),
      info: u32(file, headerAt + 44),
      bytes: type === SHT_NOBITS ? Buffer.alloc(0) : file.subarray(offset, offset + u64(file, headerAt + 32)),
    };
  });
  const names = raw[u16(file, 0x3e)]?.bytes ?? Buffer.alloc(0);
  const sections = raw.map((section) => ({ ...section, name: text(names, section.nameAt) }));
  const symtab = sections.find(({ type }) => type === SHT_SYMTAB);
  const strings = sections[symtab?.link ?? 0]?.bytes ?? Buffer.alloc(0);
  const table = symtab?.bytes ?? Buffer.alloc(0);
  const symbols = Array.from({ length: table.length / 24 }, (_, index) => {
    const at = index * 24;
    return {
      name: text(strings, u32(table, at)),
      type: (table[at + 4] ?? 0) & 15,
      section: u16(table, at + 6),
      value: u64(table, at + 8),
      size: u64(table, at + 16),
    };
  });
  return { littleEndian, sections, symbols };
}

function words(littleEndian: boolean): Record<"u16" | "u32" | "u64", (bytes: Buffer, at: number) => number> {
  return littleEndian
    ? {
        u16: (b, at) => b.readUInt16LE(at),
        u32: (b, at) => b.readUInt32LE(at),
        u64: (b, at) => Number(b.readBigUInt64LE(at)),
      }
    : {
        u16: (b, at) => b.readUInt16BE(at),
        u32: (b, at) => b.readUInt32BE(at),
        u64: (b, at) => Number(b.readBigUInt64BE(at)),
      };
}

/** Sections whose variables are maps. Loaders ask only which symbol is named there, and write over what is added to it. */
const MAPS: readonly string[] = [".maps", "maps"];

/** The object that symbol plus addend hit: an undefined symbol itself, else what lies at the address. */
function ownerOf(file: ObjectFile, symbol: FileSymbol, addend: number): FileSymbol | undefined {
  if (symbol.section === 0) return symbol;
  const isMap = MAPS.includes(file.sections[symbol.section]?.name ?? "");
  if (isMap && symbol.type !== STT_SECTION) return symbol;
  const address = symbol.value + addend;
  return file.symbols.find(
    (entry) =>
      entry.section === symbol.section &&
      entry.type !== STT_SECTION &&
      entry.name !== "" &&
      entry.value <= address &&
      address < entry.value + Math.max(entry.size, 1),
  );
}

/** An entry of a relocation section, with what it applies to. */
interface Entry {
  readonly target: FileSection;
  readonly targetIndex: number;
  readonly offset: number;
  readonly type: number;
  readonly symbol: FileSymbol;
}

function* entriesOf(file: ObjectFile): Generator<Entry> {
  const { u32, u64 } = words(file.littleEndian);
  for (const rel of file.sections) {
    const target = rel.type === SHT_REL ? file.sections[rel.info] : undefined;
    if (target === undefined) continue;
    for (let at = 0; at < rel.bytes.length; at += 16) {
      const info = rel.bytes.subarray(at + 8, at + 16);
      const symbol = file.symbols[u32(info, file.littleEndian ? 4 : 0)];
      const type = u32(info, file.littleEndian ? 0 : 4);
      if (symbol !== undefined) yield { target, targetIndex: rel.info, offset: u64(rel.bytes, at), type, symbol };
    }
  }
}

/**
 * Every 16-byte load of an address in the code, and the object that symbol plus addend hit: the addend stands in the two immediates
 * (psABI, R_BPF_64_64: S + A), which is how a private map is named by the section symbol `.maps` and an offset.
 */
export function codeReferences(file: ObjectFile): CodeReference[] {
  const { u32 } = words(file.littleEndian);
  const found: CodeReference[] = [];
  for (const { target, targetIndex, offset, type, symbol } of entriesOf(file)) {
    if (!target.isCode || type !== R_BPF_64_64) continue;
    const addend = u32(target.bytes, offset + 4) + u32(target.bytes, offset + 12) * 2 ** 32;
    const section = file.sections[symbol.section]?.name ?? "";
    found.push({ code: targetIndex, offset, section, symbol: ownerOf(file, symbol, addend)?.name });
  }
  return found;
}

/** Every call that a relocation completes, and the function: S plus the immediate, which counts instructions from the one behind. */
export function callReferences(file: ObjectFile): CodeReference[] {
  const { u32 } = words(file.littleEndian);
  const found: CodeReference[] = [];
  for (const { target, targetIndex, offset, type, symbol } of entriesOf(file)) {
    if (!target.isCode || type !== R_BPF_64_32) continue;
    const addend = ((u32(target.bytes, offset + 4) | 0) + 1) * 8;
    const section = file.sections[symbol.section]?.name ?? "";
    found.push({ code: targetIndex, offset, section, symbol: ownerOf(file, symbol, addend)?.name });
  }
  return found;
}

/** A pointer in data or debug info: the section and offset where it stands, and what it points at, with the distance from its start. */
export interface DataReference {
  readonly from: string;
  readonly offset: number;
  readonly section: string;
  readonly symbol: string | undefined;
  readonly distance: number;
}

/** Pointers of 64 bits outside code (R_BPF_64_ABS64), by symbol plus what stands in place. */
export function dataReferences(file: ObjectFile): DataReference[] {
  const { u64 } = words(file.littleEndian);
  const found: DataReference[] = [];
  for (const { target, offset, type, symbol } of entriesOf(file)) {
    if (target.isCode || type !== R_BPF_64_ABS64) continue;
    const addend = u64(target.bytes, offset);
    const section = file.sections[symbol.section]?.name ?? "";
    const address = symbol.value + addend;
    const owner = file.symbols.find(
      (entry) =>
        symbol.section !== 0 &&
        entry.section === symbol.section &&
        entry.type !== STT_SECTION &&
        entry.name !== "" &&
        entry.value <= address &&
        address < entry.value + Math.max(entry.size, 1),
    );
    const named = symbol.section === 0 ? symbol : owner;
    found.push({ from: target.name, offset, section, symbol: named?.name, distance: address - (named?.value ?? 0) });
  }
  return found;
}
