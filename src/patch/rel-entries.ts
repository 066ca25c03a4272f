import { type ElfRelocation, type ElfView, REL_SIZE, RELA_SIZE, type Section, SHT_RELA } from "../elf/model.ts";
import { writeU64 } from "../elf/u64.ts";

/** The content of a relocation section that holds these entries in this order (Elf64_Rel, Elf64_Rela of elf(5)). */
export function encodeRelocations(
  elf: ElfView,
  relSection: Pick<Section, "type">,
  entries: readonly Pick<ElfRelocation, "offset" | "type" | "symbol" | "addend">[],
): Uint8Array {
  const { littleEndian } = elf;
  const withAddend = relSection.type === SHT_RELA;
  const entrySize = withAddend ? RELA_SIZE : REL_SIZE;
  const content = new Uint8Array(entries.length * entrySize);
  const view = new DataView(content.buffer);
  entries.forEach(({ offset, type, symbol, addend }, i) => {
    const at = i * entrySize;
    writeU64(view, at, littleEndian, offset);
    view.setUint32(at + (littleEndian ? 8 : 12), type, littleEndian);
    view.setUint32(at + (littleEndian ? 12 : 8), symbol, littleEndian);
    if (withAddend) view.setBigInt64(at + 16, addend ?? 0n, littleEndian);
  });
  return content;
}
