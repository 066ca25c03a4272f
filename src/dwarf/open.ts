import type { ElfView, Section } from "../elf/model.ts";
import { SHF_COMPRESSED, SHT_NOBITS } from "../elf/model.ts";
import { applyRelocations } from "../elf/relocate.ts";
import { BtfFixError } from "../errors.ts";
import { decompressSection } from "./compressed.ts";
import type { Dwarf } from "./model.ts";
import type { DwarfModule } from "./module.ts";
import { readDwarf } from "./read.ts";

/** Sections that name a kind of DWARF which is not read, and what it is called. */
const REFUSED: readonly (readonly [name: string, what: string])[] = [
  [".debug_types", "type units (.debug_types)"],
  [".debug_info.dwo", "split DWARF (.debug_info.dwo)"],
  [".zdebug_info", "GNU-style compression (.zdebug_info)"],
];

/**
 * The DWARF of an object; undefined if it has none.
 *
 * Of two sections with the same name the first is taken. Errors: those of `readDwarf` and `decompressSection`, ELF_MALFORMED for
 * relocations, DWARF_UNSUPPORTED for `.debug_types`, split DWARF and zstd.
 */
export function openDwarf(elf: ElfView, module: DwarfModule): Dwarf | undefined {
  for (const [name, what] of REFUSED) {
    const section = find(elf, name);
    if (section === undefined || section.size === 0) continue;
    throw new BtfFixError("DWARF_UNSUPPORTED", `${what} is not supported`, {
      section: name,
      offset: 0,
      length: section.size,
    });
  }
  const info = content(elf, ".debug_info");
  if (info === undefined || info.length === 0) return undefined;
  const sections = {
    info,
    abbrev: content(elf, ".debug_abbrev") ?? new Uint8Array(0),
    str: content(elf, ".debug_str"),
    strOffsets: content(elf, ".debug_str_offsets"),
    addr: content(elf, ".debug_addr"),
    line: content(elf, ".debug_line"),
    lineStr: content(elf, ".debug_line_str"),
  };
  return readDwarf(sections, elf.littleEndian, module);
}

/** A section's content, decompressed and relocated. Relocations count in the uncompressed bytes (gABI, SHF_COMPRESSED). */
function content(elf: ElfView, name: string): Uint8Array | undefined {
  const section = find(elf, name);
  if (section === undefined || section.type === SHT_NOBITS) return undefined;
  const bytes = (section.flags & SHF_COMPRESSED) === 0 ? section.bytes : decompressSection(section, elf.littleEndian);
  return applyRelocations(elf, section.index, bytes);
}

function find(elf: ElfView, name: string): Section | undefined {
  return elf.sections.find((section) => section.name === name);
}
