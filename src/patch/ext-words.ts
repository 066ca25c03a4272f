import type { Btf } from "../btf/model.ts";
import { ByteReader } from "../bytes/reader.ts";
import type { ElfView } from "../elf/model.ts";
import { NameReader } from "../elf/strings.ts";
import { sectionNamed } from "../elf/symbols.ts";

/** One insn_off word of a `.BTF.ext` blob: what it belongs to, and where it stands. */
export interface InsnOffWord {
  /** Table, code section, insn_off and, for equal ones, the turn: a record's identity. */
  readonly key: string;
  /** Index of the code section; 0 if the object has none of that name. */
  readonly section: number;
  /** Byte position in the blob. */
  readonly position: number;
}

const ORIGIN = { code: "BTF_EXT_TRUNCATED", section: ".BTF.ext" } as const;

/**
 * The insn_off words of all records, table by table; layout: struct btf_ext_header, btf_ext_info_sec of libbpf.
 *
 * `btf` holds the names of code sections. Errors: BTF_EXT_TRUNCATED, BTF_EXT_MALFORMED, LIMIT_EXCEEDED.
 */
export function insnOffWords(elf: ElfView, blob: Uint8Array, btf: Btf): readonly InsnOffWord[] {
  const header = new ByteReader(blob, btf.littleEndian, ORIGIN).seek(4);
  const headerLength = header.u32();
  // func_info, line_info and, in the longer header, core_relo: an offset and a length each.
  const tables = headerLength >= 32 ? 3 : 2;
  const words: InsnOffWord[] = [];
  // The `.BTF` of an object stands alone: no base, so a name's offset counts from its own strings.
  const names = new NameReader(btf.strings.bytes, ".BTF", "BTF_EXT_MALFORMED");
  // An index, not the name, goes into the keys: a hostile name may be as long as the file.
  const sectionAt = (nameOff: number): number => sectionNamed(elf, names.at(nameOff))?.index ?? 0;
  const input = new ByteReader(blob, btf.littleEndian, ORIGIN);
  for (let table = 0; table < tables; table++) {
    const offset = header.u32();
    const length = header.u32();
    if (length > 0) readTable(input, sectionAt, { table, start: headerLength + offset, length }, words);
  }
  return words;
}

function readTable(
  input: ByteReader,
  sectionAt: (nameOff: number) => number,
  place: { readonly table: number; readonly start: number; readonly length: number },
  words: InsnOffWord[],
): void {
  const { table, start, length } = place;
  const end = start + length;
  const recordSize = input.seek(start).u32();
  const turns = new Map<string, number>();
  while (input.offset < end) {
    const section = sectionAt(input.u32());
    const count = input.u32();
    for (let i = 0; i < count; i++) {
      const position = input.offset;
      const identity = `${table} ${input.u32()} ${section}`;
      // Also what bounds `count`: each record costs bytes that must be there.
      input.skip(Math.max(0, recordSize - 4));
      const turn = turns.get(identity) ?? 0;
      turns.set(identity, turn + 1);
      words.push({ key: `${turn} ${identity}`, section, position });
    }
  }
}
