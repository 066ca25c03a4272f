import { type ElfRelocation, type ElfView, REL_SIZE, RELA_SIZE, type Section, SHT_RELA } from "../elf/model.ts";
import { writeU64 } from "../elf/u64.ts";

/** What an entry says; a REL section has no room for the addend. */
export type RelocationWords = Pick<ElfRelocation, "offset" | "type" | "symbol"> &
  Partial<Pick<ElfRelocation, "addend">>;

/** The content of a relocation section that holds these entries in this order (Elf64_Rel, Elf64_Rela of elf(5)). */
export function encodeRelocations(
  elf: ElfView,
  relSection: Pick<Section, "type">,
  entries: Iterable<RelocationWords> & { readonly length: number },
): Uint8Array {
  const { littleEndian } = elf;
  const withAddend = relSection.type === SHT_RELA;
  const entrySize = withAddend ? RELA_SIZE : REL_SIZE;
  const content = new Uint8Array(entries.length * entrySize);
  const view = new DataView(content.buffer);
  let at = 0;
  for (const { offset, type, symbol, addend } of entries) {
    writeU64(view, at, littleEndian, offset);
    view.setUint32(at + (littleEndian ? 8 : 12), type, littleEndian);
    view.setUint32(at + (littleEndian ? 12 : 8), symbol, littleEndian);
    if (withAddend) view.setBigInt64(at + 16, addend ?? 0n, littleEndian);
    at += entrySize;
  }
  return content;
}
