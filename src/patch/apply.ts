import type { AddedSection, HeaderEdit } from "../elf/edit.ts";
import {
  type ElfView,
  type Section,
  SHDR_SIZE,
  SHF_EXECINSTR,
  SHN_LORESERVE,
  SHT_NOBITS,
  SHT_NULL,
} from "../elf/model.ts";
import { writeU64 } from "../elf/u64.ts";
import { BtfFixError, type BtfFixErrorCode } from "../errors.ts";
import { appendSectionNames } from "./added.ts";
import type { PatchPlan } from "./plan.ts";
import { resolvePlan } from "./resolve.ts";

/** More than any section asks for: a hostile alignment must not become a hostile file size. */
const MAX_ALIGNMENT = 0x1_0000;

/** Where LLVM puts the section headers: the file may be mapped, and they hold 64-bit words. */
const TABLE_ALIGNMENT = 8;

/** Offsets of the section header table and of the number of its entries in the ELF header (Elf64_Ehdr of elf(5)). */
const E_SHOFF = 40;
const E_SHNUM = 60;

interface Placement {
  readonly section: Section;
  readonly content: Uint8Array;
  readonly offset: number;
}

/**
 * The patched file. A content that fits into its section's old extent is written there; else it goes to the end of the file and one
 * header points at it. What is left of the old extent becomes zero, so that no stale text remains; every other byte stays.
 *
 * Added sections follow at the end, and behind them a new header table: the old one's place is free then, and is used again if the file
 * ends with it. New names, theirs and those of renamed sections, are appended to the table of section names.
 * Applying the same plan to the result gives the same bytes, unless it adds sections. Errors: REFUSED, LIMIT_EXCEEDED, ELF_MALFORMED.
 */
export function applyPlan(elf: ElfView, plan: PatchPlan): Uint8Array {
  const resolved = resolvePlan(elf, plan);
  const { headers } = resolved;
  const renamed = headers.flatMap((edit) => (edit.name === undefined ? [] : [{ ...edit, name: edit.name }]));
  const names = [...renamed, ...plan.added].map(({ name }) => name);
  const { contents, nameOffsets } = appendSectionNames(elf, names, resolved.contents);
  const nameOf = new Map(renamed.map(({ section }, i) => [section, nameOffsets[i]]));
  if (plan.added.length === 0) {
    const { placements, end } = place(elf, contents, elf.bytes.length);
    const output = new Uint8Array(end);
    output.set(elf.bytes);
    writeContents(output, placements);
    writeHeaders(output, elf, { table: elf.sectionHeaders, placements, headers, nameOf });
    return output;
  }
  const added = { sections: plan.added, nameOffsets: nameOffsets.slice(renamed.length) };
  return applyWithAdded(elf, added, { contents, headers, nameOf });
}

/** What changes of the sections that are there: contents, header fields, and where new names stand in the name table. */
interface Change {
  readonly contents: ReadonlyMap<number, Uint8Array>;
  readonly headers: readonly HeaderEdit[];
  readonly nameOf: ReadonlyMap<number, number | undefined>;
}

function applyWithAdded(
  elf: ElfView,
  {
    sections: added,
    nameOffsets,
  }: { readonly sections: readonly AddedSection[]; readonly nameOffsets: readonly number[] },
  { contents, headers, nameOf }: Change,
): Uint8Array {
  const { littleEndian } = elf;
  const count = elf.sections.length + added.length;
  if (count >= SHN_LORESERVE) {
    throw new BtfFixError("LIMIT_EXCEEDED", `${count} sections need extended numbering, which is not supported`);
  }
  const tableEnd = elf.sectionHeaders + elf.sections.length * SHDR_SIZE;
  const { placements, end } = place(
    elf,
    contents,
    tableEnd === elf.bytes.length ? elf.sectionHeaders : elf.bytes.length,
  );
  let next = end;
  const offsets = added.map(({ addralign, content }) => {
    const offset = Math.ceil(next / addralign) * addralign;
    next = offset + content.length;
    return offset;
  });
  const table = Math.ceil(next / TABLE_ALIGNMENT) * TABLE_ALIGNMENT;
  const output = new Uint8Array(table + count * SHDR_SIZE);
  output.set(elf.bytes);
  output.fill(0, elf.sectionHeaders, tableEnd);
  writeContents(output, placements);
  output.set(elf.bytes.subarray(elf.sectionHeaders, tableEnd), table);
  writeHeaders(output, elf, { table, placements, headers, nameOf });
  const view = new DataView(output.buffer);
  for (const [i, { type, flags, addralign, entsize, link, info, content }] of added.entries()) {
    const offset = offsets[i] ?? 0;
    output.set(content, offset);
    const section = elf.sections.length + i;
    view.setUint32(table + section * SHDR_SIZE, nameOffsets[i] ?? 0, littleEndian);
    writeExtent(view, table + section * SHDR_SIZE, littleEndian, offset, content.length);
    editHeader(view, table, littleEndian, { section, type, flags, link, info, addralign, entsize });
  }
  writeU64(view, E_SHOFF, littleEndian, table);
  view.setUint16(E_SHNUM, count, littleEndian);
  return output;
}

function writeContents(output: Uint8Array, placements: readonly Placement[]): void {
  for (const { section, content, offset } of placements) {
    output.fill(0, section.offset, section.offset + section.size);
    output.set(content, offset);
  }
}

function writeHeaders(
  output: Uint8Array,
  elf: ElfView,
  what: {
    readonly table: number;
    readonly placements: readonly Placement[];
    readonly headers: readonly HeaderEdit[];
    readonly nameOf: ReadonlyMap<number, number | undefined>;
  },
): void {
  const { table, placements, headers, nameOf } = what;
  const view = new DataView(output.buffer);
  for (const { section, content, offset } of placements) {
    writeExtent(view, table + section.index * SHDR_SIZE, elf.littleEndian, offset, content.length);
  }
  for (const edit of headers) {
    if (elf.sections[edit.section] === undefined) throw new RangeError(`the object has no section ${edit.section}`);
    editHeader(view, table, elf.littleEndian, edit);
    const name = nameOf.get(edit.section);
    if (name !== undefined) view.setUint32(table + edit.section * SHDR_SIZE, name, elf.littleEndian);
  }
}

function writeExtent(view: DataView, header: number, littleEndian: boolean, offset: number, size: number): void {
  writeU64(view, header + 24, littleEndian, offset);
  writeU64(view, header + 32, littleEndian, size);
}

/** Where each new content goes, in index order, and where the file then ends, whose used part is `length` bytes long. */
function place(
  elf: ElfView,
  contents: ReadonlyMap<number, Uint8Array>,
  length: number,
): { readonly placements: readonly Placement[]; readonly end: number } {
  const placements: Placement[] = [];
  let end = length;
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

function editHeader(view: DataView, table: number, littleEndian: boolean, edit: HeaderEdit): void {
  const at = table + edit.section * SHDR_SIZE;
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
