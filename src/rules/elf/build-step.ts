import { type ElfView, SHF_EXECINSTR, UNDEFINED_BASE } from "../../elf/model.ts";
import { entryAt, entryTable, relocationSections } from "../../elf/relocations.ts";
import { sectionNamed } from "../../elf/symbols.ts";

/** What an object without `.BTF` lacks, and what to do at the step of its build that lost it. */
export interface LostTypes {
  readonly message: string;
  readonly help: string;
}

/** Debug info that names code: with its addresses in place, in DWARF 5's table, or in the line table alone. */
const DESCRIBING_CODE = [".debug_info", ".debug_addr", ".debug_line"];

function isCode(elf: ElfView, section: number): boolean {
  return section < UNDEFINED_BASE && ((elf.sections[section]?.flags ?? 0) & SHF_EXECINSTR) !== 0;
}

/** Whether any debug info is about code of the object: that of libraries may remain though nothing of them does. */
function describesCode(elf: ElfView): boolean {
  for (const relSection of relocationSections(elf)) {
    if (!DESCRIBING_CODE.includes(elf.sections[relSection.info]?.name ?? "")) continue;
    const table = entryTable(elf, relSection);
    for (let entry = 0; entry < table.count; entry++) {
      const symbol = elf.symbols[entryAt(elf, relSection, table, entry).symbol];
      if (symbol !== undefined && isCode(elf, symbol.section)) return true;
    }
  }
  return false;
}

/**
 * Which step of the build lost the types, as the sections of an object without `.BTF` tell: what the list of `readelf -S` is looked at for.
 *
 * rustc 1.96 with bpf-linker 0.13: linked without `--btf`, all debug info is gone; linked with it, but compiled without `debug = 2`, that of
 * the libraries remains and describes no code. `strip` leaves no symbols.
 */
export function lostTypes(elf: ElfView): LostTypes {
  if (elf.symtab === undefined) {
    return {
      message: "the object is stripped: it has no symbols, no debug info and no section .BTF",
      help: "leave out what strips it; `llvm-strip -g` takes the debug info and leaves symbols and .BTF",
    };
  }
  if ((sectionNamed(elf, ".debug_info")?.size ?? 0) === 0) {
    return {
      message: "the object has neither debug info nor a section .BTF",
      help: "link with `--btf`, or bpf-linker drops all debug info, and build with `debug = 2`; clang wants `-g`",
    };
  }
  if (elf.sections.some(({ index, size }) => size > 0 && isCode(elf, index)) && !describesCode(elf)) {
    return {
      message: "the debug info is about no code of the object, and there is no section .BTF",
      help: "build with `debug = 2` in this profile too: without it only libraries have debug info",
    };
  }
  return {
    message: "the object has debug info but no section .BTF",
    help: "btf-fix makes it from the debug info; bpf-linker writes it with `--btf`",
  };
}
