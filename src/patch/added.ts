import type { ElfView } from "../elf/model.ts";

/** Offset of the section name table's number in the ELF header (e_shstrndx of elf(5)). */
const E_SHSTRNDX = 62;

const NUL = new Uint8Array(1);

/** Index of the section that holds the names of sections; LLVM's one `.strtab` holds those of symbols too. */
export function nameTable(elf: ElfView): number {
  return new DataView(elf.bytes.buffer, elf.bytes.byteOffset).getUint16(E_SHSTRNDX, elf.littleEndian);
}

/**
 * Appends names of sections, new or renamed, to the name table: `contents` with its new content, and where in it each name stands. What
 * stands there already stays, with what an edit of symbols may have appended.
 */
export function appendSectionNames(
  elf: ElfView,
  names: readonly string[],
  contents: ReadonlyMap<number, Uint8Array>,
): { readonly contents: ReadonlyMap<number, Uint8Array>; readonly nameOffsets: readonly number[] } {
  if (names.length === 0) return { contents, nameOffsets: [] };
  const index = nameTable(elf);
  const old = contents.get(index) ?? elf.sections[index]?.bytes ?? NUL;
  // Offset 0 is the empty name, also in a table without content.
  const parts = [old.length === 0 ? NUL : old];
  let end = Math.max(1, old.length);
  const nameOffsets = names.map((name) => {
    const bytes = new TextEncoder().encode(`${name}\0`);
    parts.push(bytes);
    end += bytes.length;
    return end - bytes.length;
  });
  const table = new Uint8Array(end);
  let at = 0;
  for (const part of parts) {
    table.set(part, at);
    at += part.length;
  }
  return { contents: new Map([...contents, [index, table]]), nameOffsets };
}
