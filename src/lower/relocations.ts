import { headerLength, typeOffsets } from "../btf/encode.ts";
import type { BtfExt, ExtTable } from "../btf/ext-model.ts";
import type { Btf } from "../btf/model.ts";
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

/** From a DATASEC record to its first entry, from entry to entry, and from an entry to its offset word; in bytes. */
const RECORD_HEAD = 12;
const SECINFO_SIZE = 12;
const OFFSET_WORD = 4;
/** Headers of `.BTF.ext`, of a table and of a section's block; in bytes. */
const EXT_HEADER = 32;
const TABLE_HEADER = 4;
const BLOCK_HEADER = 8;

/** Relocations of `.BTF`: one on the offset word of each DATASEC entry. */
export function datasecRelocations(elf: ElfView, btf: Btf, entries: readonly Entry[]): readonly WordRelocation[] {
  const starts = typeOffsets(btf);
  const found: WordRelocation[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry.entry !== "datasec") continue;
    const first = headerLength(btf) + (starts[index] ?? 0) + RECORD_HEAD + OFFSET_WORD;
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
  ext: BtfExt,
  codeSections: ReadonlyMap<number, number>,
): readonly WordRelocation[] {
  const found: WordRelocation[] = [];
  let at = EXT_HEADER;
  const table = (records: ExtTable<object> | undefined): void => {
    if (records === undefined) return;
    at += TABLE_HEADER;
    for (const section of records.sections) {
      const symbol = sectionSymbol(elf, codeSections.get(section.secNameOff) ?? -1)?.index;
      at += BLOCK_HEADER;
      for (let left = section.records.length; left > 0; left--) {
        if (symbol !== undefined) found.push({ offset: at, type: R_BPF_64_NODYLD32, symbol });
        at += records.recordSize;
      }
    }
  };
  table(ext.funcInfo);
  table(ext.lineInfo);
  table(ext.coreRelo);
  return found;
}
