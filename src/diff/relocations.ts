import { type ElfRelocation, type ElfView, REL_SIZE, RELA_SIZE, type Section, SHT_RELA } from "../elf/model.ts";
import { relocationEntries, relocationSections } from "../elf/relocations.ts";
import type { Difference } from "./model.ts";
import { symbolLabel } from "./symbols.ts";

function relocationText(elf: ElfView, { offset, type, symbol, addend }: ElfRelocation): string {
  const target = symbolLabel(elf, elf.symbols[symbol]);
  return `offset=${offset} type=${type} symbol=${target}${addend === undefined ? "" : ` addend=${addend}`}`;
}

/** What each entry says, in order; a symbol is its name, since numbers change. */
function texts(elf: ElfView, section: Section): readonly string[] {
  return relocationEntries(elf, section).map((entry) => relocationText(elf, entry));
}

/** Entries of the sections that both have, by section and position, that mean something else or that only one has. */
export function diffRelocations(before: ElfView, after: ElfView): Difference[] {
  const differences: Difference[] = [];
  for (const section of relocationSections(after)) {
    const old = before.sections[section.index];
    const was = old === undefined || old.type !== section.type ? [] : texts(before, old);
    const is = texts(after, section);
    const length = section.type === SHT_RELA ? RELA_SIZE : REL_SIZE;
    for (let entry = 0; entry < Math.max(was.length, is.length); entry++) {
      if (was[entry] === is[entry]) continue;
      differences.push({
        what: `relocation ${entry} of ${section.name}`,
        before: was[entry] ?? null,
        after: is[entry] ?? null,
        range: { section: section.name, offset: entry * length, length },
      });
    }
  }
  return differences;
}
