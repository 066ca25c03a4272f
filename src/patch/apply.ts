import { type ElfView, type Section, SHDR_SIZE, SHF_EXECINSTR, SHT_NOBITS, SHT_NULL } from "../elf/model.ts";
import { writeU64 } from "../elf/u64.ts";
import { BtfFixError, type BtfFixErrorCode } from "../errors.ts";
import type { HeaderEdit, PatchPlan } from "./plan.ts";
import { resolvePlan } from "./resolve.ts";

/** More than any section asks for: a hostile alignment must not become a hostile file size. */
const MAX_ALIGNMENT = 0x1_0000;

interface Placement {
  readonly section: Section;
  readonly content: Uint8Array;
  readonly offset: number;
}

/**
 * The patched file. A content that fits into its section's old extent is written there; else it goes to the end of the file and one
 * header points at it. What is left of the old extent becomes zero, so that no stale text remains; every other byte stays.
 *
 * Applying the same plan to the result gives the same bytes. Errors: REFUSED, LIMIT_EXCEEDED, ELF_MALFORMED.
 */
export function applyPlan(elf: ElfView, plan: PatchPlan): Uint8Array {
  const { contents, headers } = resolvePlan(elf, plan);
  const { placements, end } = place(elf, contents);
  const output = new Uint8Array(end);
  output.set(elf.bytes);
  for (const { section, content, offset } of placements) {
    output.fill(0, section.offset, section.offset + section.size);
    output.set(content, offset);
  }
  const view = new DataView(output.buffer);
  for (const { section, content, offset } of placements) {
    const header = elf.sectionHeaders + section.index * SHDR_SIZE;
    writeU64(view, header + 24, elf.littleEndian, offset);
    writeU64(view, header + 32, elf.littleEndian, content.length);
  }
  for (const edit of headers) editHeader(view, elf, edit);
  return output;
}

/** Where each new content goes, in index order, and where the file then ends. */
function place(
  elf: ElfView,
  contents: ReadonlyMap<number, Uint8Array>,
): { readonly placements: readonly Placement[]; readonly end: number } {
  const placements: Placement[] = [];
  let end = elf.bytes.length;
  for (const index of [...contents.keys()].sort((a, b) => a - b)) {
    const section = elf.sections[index];
    const content = contents.get(index);
    if (section === undefined || content === undefined) throw new RangeError(`the object has no section ${index}`);
    if (section.type === SHT_NULL || section.type === SHT_NOBITS) {
      refuse("REFUSED", section, "has no content in the file that could be replaced");
    }
    if ((section.flags & SHF_EXECINSTR) !== 0) refuse("REFUSED", section, "holds instructions, which never change");
    let { offset } = section;
    if (content.length > section.size) {
      // A section that ends the file, as one moved by an earlier patch may, grows where it is.
      if (offset + section.size !== end) offset = alignUp(end, section);
      end = offset + content.length;
    }
    placements.push({ section, content, offset });
  }
  return { placements, end };
}

function alignUp(offset: number, section: Section): number {
  const alignment = Math.max(1, section.addralign);
  if (alignment > MAX_ALIGNMENT) {
    refuse("LIMIT_EXCEEDED", section, `asks for alignment ${alignment}`);
  }
  return Math.ceil(offset / alignment) * alignment;
}

function editHeader(view: DataView, elf: ElfView, edit: HeaderEdit): void {
  const { littleEndian } = elf;
  if (elf.sections[edit.section] === undefined) throw new RangeError(`the object has no section ${edit.section}`);
  const at = elf.sectionHeaders + edit.section * SHDR_SIZE;
  if (edit.type !== undefined) view.setUint32(at + 4, edit.type, littleEndian);
  if (edit.flags !== undefined) writeU64(view, at + 8, littleEndian, edit.flags);
  if (edit.link !== undefined) view.setUint32(at + 40, edit.link, littleEndian);
  if (edit.info !== undefined) view.setUint32(at + 44, edit.info, littleEndian);
  if (edit.addralign !== undefined) writeU64(view, at + 48, littleEndian, edit.addralign);
  if (edit.entsize !== undefined) writeU64(view, at + 56, littleEndian, edit.entsize);
}

function refuse(code: BtfFixErrorCode, section: Section, why: string): never {
  const span = { section: section.name, offset: 0, length: section.bytes.length };
  throw new BtfFixError(code, `section ${section.index} (${section.name}) ${why}`, span);
}
