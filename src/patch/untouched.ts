import { firstDifference } from "../bytes/compare.ts";
import { type ElfView, type Section, SHDR_SIZE } from "../elf/model.ts";
import { BtfFixError } from "../errors.ts";

/** Where sh_offset and sh_size stand in a section header. */
const OFFSET_AND_SIZE = 24;

/** e_shoff and e_shnum in the ELF header: what they say, a reader of the new file has found right when it finds the sections. */
const TABLE_FIELDS: readonly Extent[] = [
  { start: 40, end: 48 },
  { start: 60, end: 62 },
];

interface Extent {
  readonly start: number;
  readonly end: number;
}

/**
 * Holds the two files against each other outside the old extents of touched sections and the touched headers: paddings and the ELF
 * header count too, not only what sections show. A header table that has moved is compared where it is now.
 *
 * `touched` holds section indices: those with new content, with other new header fields, and with a new name among these. Error: VERIFY_FAILED with the file offset of the first difference.
 */
export function checkUntouchedBytes(
  before: ElfView,
  after: ElfView,
  touched: {
    readonly contents: ReadonlySet<number>;
    readonly headers: ReadonlySet<number>;
    readonly names: ReadonlySet<number>;
  },
): void {
  const free = before.sections.filter(({ index }) => touched.contents.has(index)).map(extentOf);
  const table = headerTable(before);
  free.push(table);
  if (hasNewTable(before, after)) free.push(...TABLE_FIELDS);
  const at = differenceOutside(free, before.bytes, after.bytes);
  if (at !== undefined) differs(before, at);

  const fields: Extent[] = [];
  for (const { index } of before.sections) {
    const header = index * SHDR_SIZE;
    if (touched.contents.has(index)) {
      fields.push({ start: header + OFFSET_AND_SIZE, end: header + OFFSET_AND_SIZE + 16 });
    }
    // sh_name comes first, and few sections get a new one.
    const start = touched.names.has(index) ? header : header + 4;
    if (touched.headers.has(index)) fields.push({ start, end: header + SHDR_SIZE });
  }
  const moved = after.bytes.subarray(after.sectionHeaders);
  const inTable = differenceOutside(fields, before.bytes.subarray(table.start, table.end), moved);
  if (inTable !== undefined) differs(before, table.start + inTable);
}

/** The first place, within the length of `before`, where the two differ outside the areas. */
function differenceOutside(areas: readonly Extent[], before: Uint8Array, after: Uint8Array): number | undefined {
  let from = 0;
  for (const { start, end } of [...byStart(areas), { start: before.length, end: before.length }]) {
    const at = firstDifference(before, after, from, start);
    if (at !== undefined) return at;
    from = Math.max(from, end);
  }
  return undefined;
}

/** Where a section's content stands in the file. */
function extentOf({ offset, bytes }: Section): Extent {
  return { start: offset, end: offset + bytes.length };
}

function headerTable({ sectionHeaders, sections }: ElfView): Extent {
  return { start: sectionHeaders, end: sectionHeaders + sections.length * SHDR_SIZE };
}

function hasNewTable(before: ElfView, after: ElfView): boolean {
  return after.sections.length > before.sections.length;
}

/**
 * Space that no section owns after the patch is zero: what a moved or shrunken section left or a moved header table, and padding behind
 * the old end.
 *
 * `contents` holds the indices of sections with new content. Error: VERIFY_FAILED with the file offset of the first stale byte.
 */
export function checkLeftovers(before: ElfView, after: ElfView, contents: ReadonlySet<number>): void {
  const owned = byStart([...after.sections.filter(({ bytes }) => bytes.length > 0).map(extentOf), headerTable(after)]);
  const areas: Extent[] = [{ start: before.bytes.length, end: after.bytes.length }];
  if (hasNewTable(before, after)) areas.push(headerTable(before));
  for (const section of before.sections) if (contents.has(section.index)) areas.push(extentOf(section));
  let passed = 0;
  for (const { start, end } of byStart(areas)) {
    while ((owned[passed]?.end ?? Infinity) <= start) passed++;
    let from = start;
    for (let i = passed; i < owned.length; i++) {
      const extent = owned[i];
      if (extent === undefined || extent.start >= end) break;
      demandZeros(before, after, from, extent.start);
      from = extent.end;
    }
    demandZeros(before, after, from, end);
  }
}

function byStart(extents: readonly Extent[]): Extent[] {
  return extents.toSorted((a, b) => a.start - b.start);
}

function demandZeros(before: ElfView, after: ElfView, start: number, end: number): void {
  for (let at = start; at < end; at++) if (after.bytes[at] !== 0) differs(before, at);
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
