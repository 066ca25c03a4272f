import type { Dwarf } from "../dwarf/model.ts";
import { type ElfSymbol, type ElfView, SHF_EXECINSTR, STT_FUNC } from "../elf/model.ts";
import { relocationsOf } from "../elf/relocations.ts";
import { functionSymbolAt, sectionNamed } from "../elf/symbols.ts";
import { type Subprogram, subprograms } from "./functions.ts";
import { moduleOrder } from "./order.ts";

/** A function with code, with or without debug info. */
export interface CodeFunction {
  readonly section: number;
  /** Start and end in the section, in bytes. */
  readonly offset: number;
  readonly end: number;
  readonly symbol: ElfSymbol | undefined;
  readonly subprogram: Subprogram | undefined;
}

/**
 * The functions of the module in its order. `.debug_frame` has one entry a function in exactly that order; without it, sections and DIE
 * order tell (`moduleOrder`).
 */
export function functionsOf(dwarf: Dwarf, elf: ElfView): readonly CodeFunction[] {
  const ranks = frameOrder(elf);
  const found: (CodeFunction & { readonly hint: number })[] = [];
  const places = new Map<number, Set<number>>();
  const add = (section: number, offset: number, subprogram: Subprogram | undefined): void => {
    const offsets = places.get(section) ?? new Set();
    if (offsets.has(offset)) return;
    places.set(section, offsets.add(offset));
    const symbol = functionSymbolAt(elf, section, offset);
    const length = symbol?.size || (subprogram === undefined ? 0 : (dwarf.codeLength(subprogram.row) ?? 0));
    const hint =
      (ranks.size === 0 ? undefined : ranks.get(placeKey(section, offset))) ??
      ranks.size + (subprogram?.row ?? dwarf.count + (symbol?.index ?? 0));
    found.push({ section, offset, end: offset + length, symbol, subprogram, hint });
  };
  for (const subprogram of subprograms(dwarf)) add(subprogram.section, subprogram.offset, subprogram);
  for (const symbol of elf.symbols) {
    const section = elf.sections[symbol.section];
    if (symbol.type !== STT_FUNC || section === undefined || (section.flags & SHF_EXECINSTR) === 0) continue;
    add(symbol.section, symbol.value, undefined);
  }
  const text = sectionNamed(elf, ".text")?.index;
  return moduleOrder(found, new Set(text === undefined ? [] : [text]));
}

function placeKey(section: number, offset: number): string {
  return `${section}:${offset}`;
}

/** Rank of each function in `.debug_frame`, by place: its relocations name the start of each function, one after the other. */
function frameOrder(elf: ElfView): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  const frames = sectionNamed(elf, ".debug_frame");
  if (frames === undefined) return ranks;
  const view = new DataView(frames.bytes.buffer, frames.bytes.byteOffset, frames.bytes.byteLength);
  for (const { offset, symbol, addend } of [...relocationsOf(elf, frames.index)].sort((a, b) => a.offset - b.offset)) {
    const target = elf.symbols[symbol];
    const section = elf.sections[target?.section ?? 0];
    if (target === undefined || section === undefined || (section.flags & SHF_EXECINSTR) === 0) continue;
    if (offset + 8 > view.byteLength) continue;
    const place = target.value + Number(addend ?? view.getBigUint64(offset, elf.littleEndian));
    const key = placeKey(section.index, place);
    if (!ranks.has(key)) ranks.set(key, ranks.size);
  }
  return ranks;
}
