import { type ElfView, type Section, SHT_LLVM_ADDRSIG } from "../elf/model.ts";
import { BtfFixError } from "../errors.ts";

/** The object's SHT_LLVM_ADDRSIG sections that count symbols of its symbol table. */
export function addrsigSections(elf: ElfView): readonly Section[] {
  return elf.sections.filter((section) => section.type === SHT_LLVM_ADDRSIG && section.link === elf.symtab);
}

/**
 * Symbol indices of an SHT_LLVM_ADDRSIG section: ULEB128 numbers one after another (llvm/docs/Extensions.rst).
 *
 * Errors: ELF_MALFORMED for a number that is cut off or no symbol.
 */
export function readAddrsig(section: Section, symbolCount: number): number[] {
  const { bytes, name } = section;
  const symbols: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    let value = 0;
    let scale = 1;
    let more = true;
    while (more) {
      const byte = bytes[at++];
      if (byte === undefined) malformed(`${name} ends inside a number`, name, start);
      // Capped, not wrapped: a padded zero stays valid, anything past the symbol table fails below.
      value = Math.min(value + (byte & 0x7f) * scale, Number.MAX_SAFE_INTEGER);
      scale = Math.min(scale * 128, Number.MAX_SAFE_INTEGER);
      more = byte >= 0x80;
    }
    if (value >= symbolCount) malformed(`${name} names symbol ${value}, which does not exist`, name, start);
    symbols.push(value);
  }
  return symbols;
}

/** The content of an SHT_LLVM_ADDRSIG section that lists these symbols, each number as short as can be. */
export function writeAddrsig(symbols: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const symbol of symbols) {
    let rest = symbol;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

function malformed(message: string, section: string, offset: number): never {
  throw new BtfFixError("ELF_MALFORMED", message, { section, offset, length: 1 });
}
