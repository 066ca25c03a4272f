import { BLOCK_HEADER, EXT_HEADER, TABLE_HEADER, type WordTable } from "../btf/ext-words.ts";
import type { TypeRecords } from "../btf/type-records.ts";
import {
  type ElfSymbol,
  type ElfView,
  R_BPF_64_ABS32,
  R_BPF_64_NODYLD32,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_UNDEF,
  STB_LOCAL,
} from "../elf/model.ts";
import { sectionSymbol } from "../elf/symbols.ts";
import type { Entry } from "./entries.ts";

/** A relocation of a section that was made anew: the word at `offset` (bytes) gets the symbol's value added. */
export interface WordRelocation {
  readonly offset: number;
  readonly type: number;
  readonly symbol: number;
}

/** Relocations of a section in order of offset, made as they are asked for: a large program has millions. */
export interface WordRelocations extends Iterable<WordRelocation> {
  readonly length: number;
}

/** From a DATASEC record to its first entry, from entry to entry, and from an entry to its offset word; in bytes. */
const RECORD_HEAD = 12;
const SECINFO_SIZE = 12;
const OFFSET_WORD = 4;

/** Relocations of `.BTF`: one on the offset word of each DATASEC entry. */
export function datasecRelocations(
  elf: ElfView,
  records: TypeRecords,
  entries: readonly Entry[],
): readonly WordRelocation[] {
  const found: WordRelocation[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry.entry !== "datasec") continue;
    const first = records.start(index + 1) + RECORD_HEAD + OFFSET_WORD;
    for (const [position, { symbol }] of entry.items.entries()) {
      const target = symbol === undefined ? undefined : elf.symbols[symbol];
      if (target === undefined) continue;
      const named = target.binding === STB_LOCAL ? sectionSymbol(elf, target.section) : target;
      if (named === undefined) continue;
      found.push({ offset: first + position * SECINFO_SIZE, type: typeFor(elf, target), symbol: named.index });
    }
  }
  return found;
}

/** NODYLD32 for what can be written or run, ABS32 for the rest (BPFELFObjectWriter::getRelocType). */
function typeFor(elf: ElfView, symbol: ElfSymbol): number {
  if (symbol.section === SHN_UNDEF) return R_BPF_64_ABS32;
  const flags = elf.sections[symbol.section]?.flags ?? 0;
  return (flags & (SHF_WRITE | SHF_EXECINSTR)) === 0 ? R_BPF_64_ABS32 : R_BPF_64_NODYLD32;
}

/** Relocations of `.BTF.ext`: one on the first word of each record, against the symbol of its code section. */
export function recordRelocations(
  elf: ElfView,
  tables: readonly (WordTable | undefined)[],
  codeSections: ReadonlyMap<number, number>,
): WordRelocations {
  const runs: { readonly first: number; readonly count: number; readonly step: number; readonly symbol: number }[] = [];
  let at = EXT_HEADER;
  for (const table of tables) {
    if (table === undefined) continue;
    at += TABLE_HEADER;
    const step = 4 * table.width;
    for (const { secNameOff, words } of table.blocks) {
      const symbol = sectionSymbol(elf, codeSections.get(secNameOff) ?? -1)?.index;
      at += BLOCK_HEADER;
      if (symbol !== undefined) runs.push({ first: at, count: words.length / table.width, step, symbol });
      at += 4 * words.length;
    }
  }
  return {
    length: runs.reduce((sum, { count }) => sum + count, 0),
    *[Symbol.iterator](): Generator<WordRelocation> {
      for (const { first, count, step, symbol } of runs) {
        for (let i = 0; i < count; i++) yield { offset: first + i * step, type: R_BPF_64_NODYLD32, symbol };
      }
    },
  };
}
