import { encodeRelocations } from "../elf/encode-relocations.ts";
import type { ElfRelocation } from "../elf/model.ts";
import { relocationEntries, relocationSections, relocationsOf } from "../elf/relocations.ts";
import {
  initialisedMaps,
  isValues,
  mapsInitialised,
  mapsRelocations,
  strayRelocations,
  valuesRanges,
} from "../rules/elf/maps-relocations.ts";
import type { Diagnostic } from "../rules/rule.ts";
import { type ElfFix, type ElfState, type ElfStep, NO_EDITS } from "./elf-fix.ts";

/** A definition's bytes, of which only those of `values` and those that relocations still fill are kept. */
function zeroed(state: ElfState, section: number, gone: ReadonlySet<ElfRelocation>): Uint8Array {
  const { elf } = state;
  const content = new Uint8Array(elf.sections[section]?.bytes ?? []);
  const ranges = valuesRanges(state) ?? [];
  const kept = relocationsOf(elf, section).filter((entry) => !gone.has(entry));
  const filled = new Set(kept.map(({ offset }) => Math.floor(offset / 8)));
  content.forEach((_, at) => {
    if (!filled.has(Math.floor(at / 8)) && !isValues(ranges, section, at)) content[at] = 0;
  });
  return content;
}

/** V3: what points at data goes, and every byte is zero; what would fill in a map or a program stays, and is reported. */
export const clearDefinitions: ElfFix = {
  rules: [mapsRelocations, mapsInitialised],
  summary: () => "map definitions cleared of what they were initialised with",
  apply(state: ElfState, findings: readonly Diagnostic[]): ElfStep {
    const { elf, btf, ext } = state;
    const chosen = new Set(findings.map(({ rule, target }) => `${rule} ${target.section}`));
    const sections = new Map<number, Uint8Array>();
    for (const { section, data } of strayRelocations(state)) {
      if (data.length === 0 || !chosen.has(`${mapsRelocations.id} ${section.index}`)) continue;
      const gone = new Set(data);
      sections.set(section.index, zeroed(state, section.index, gone));
      const places = new Set(data.map(({ relSection, entry }) => `${relSection} ${entry}`));
      for (const table of relocationSections(elf).filter(({ info }) => info === section.index)) {
        const kept = relocationEntries(elf, table).filter(({ entry }) => !places.has(`${table.index} ${entry}`));
        sections.set(table.index, encodeRelocations(elf, table, kept));
      }
    }
    for (const { index } of initialisedMaps(state)) {
      if (sections.has(index) || !chosen.has(`${mapsInitialised.id} ${index}`)) continue;
      sections.set(index, zeroed(state, index, new Set()));
    }
    const done = findings.map(({ rule, target }) => {
      if (rule === mapsInitialised.id) return "set them to zero";
      return target.symbol === undefined ? "dropped them" : undefined;
    });
    return { edits: { ...NO_EDITS, sections }, btf, ext, done };
  },
};
