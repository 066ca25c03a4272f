import { type ElfView, SHDR_SIZE } from "../elf/model.ts";
import { BtfFixError } from "../errors.ts";
import { firstDifference } from "./compare.ts";

/** Where sh_offset and sh_size stand in a section header. */
const OFFSET_AND_SIZE = 24;

interface Extent {
  readonly start: number;
  readonly end: number;
}

/**
 * Holds the two files against each other outside the old extents of touched sections and the touched headers: paddings and the ELF
 * header count too, not only what sections show.
 *
 * `touched` holds section indices: those with new content, and those with other new header fields. Error: VERIFY_FAILED with the file offset of the first difference.
 */
export function checkUntouchedBytes(
  before: ElfView,
  after: Uint8Array,
  touched: { readonly contents: ReadonlySet<number>; readonly headers: ReadonlySet<number> },
): void {
  const free: Extent[] = [];
  for (const { index, offset, bytes } of before.sections) {
    const header = before.sectionHeaders + index * SHDR_SIZE;
    if (touched.contents.has(index)) {
      free.push({ start: offset, end: offset + bytes.length });
      free.push({ start: header + OFFSET_AND_SIZE, end: header + OFFSET_AND_SIZE + 16 });
    }
    // All but the name.
    if (touched.headers.has(index)) free.push({ start: header + 4, end: header + SHDR_SIZE });
  }
  free.sort((a, b) => a.start - b.start);
  free.push({ start: before.bytes.length, end: before.bytes.length });
  let from = 0;
  for (const { start, end } of free) {
    const at = firstDifference(before.bytes, after, from, start);
    if (at !== undefined) differs(before, at);
    from = Math.max(from, end);
  }
}

/**
 * Space that no section owns after the patch is zero: what a moved or shrunken section left, and padding behind the old end.
 *
 * `contents` holds the indices of sections with new content. Error: VERIFY_FAILED with the file offset of the first stale byte.
 */
export function checkLeftovers(before: ElfView, after: ElfView, contents: ReadonlySet<number>): void {
  const owned = new Uint8Array(after.bytes.length);
  for (const { offset, bytes } of after.sections) owned.fill(1, offset, offset + bytes.length);
  const areas: Extent[] = [{ start: before.bytes.length, end: after.bytes.length }];
  for (const { index, offset, bytes } of before.sections) {
    if (contents.has(index)) areas.push({ start: offset, end: offset + bytes.length });
  }
  for (const { start, end } of areas) {
    for (let at = start; at < end; at++) if (owned[at] === 0 && after.bytes[at] !== 0) differs(before, at);
  }
}

function differs(before: ElfView, at: number): never {
  const section = before.sections.find(({ offset, bytes }) => at >= offset && at < offset + bytes.length);
  const where = section === undefined ? `byte ${at} of the file` : `byte ${at - section.offset} of ${section.name}`;
  throw new BtfFixError("VERIFY_FAILED", `the patched file failed its check: ${where} is not what was planned`, {
    section: section?.name,
    offset: at - (section?.offset ?? 0),
    length: 1,
  });
}
