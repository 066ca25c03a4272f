import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import type { CompositeEntry, Lowering, MemberEntry } from "./entries.ts";
import { memberBits } from "./layout.ts";
import { typeOf } from "./names.ts";

/** Largest bit offset beside a bit-field's width. */
const MAX_FLAGGED_OFFSET = 0xff_ffff;

/**
 * The elements of a structure or union DIE: its members and variant parts, in DWARF order. Methods, template parameters, nested types
 * and static members are children too and no part of the layout.
 */
export function elementsOf(dwarf: Dwarf, row: DieRow): DieRow[] {
  const elements: DieRow[] = [];
  for (const child of dwarf.children(row)) {
    const tag = dwarf.tag(child);
    if (tag === TAG.variantPart || (tag === TAG.member && !dwarf.flag(child, AT.declaration))) elements.push(child);
  }
  return elements;
}

/** A DW_TAG_member as a member of a record (the loop of BTFTypeStruct::completeType); `row` is kept for source places. */
export function memberEntry(lowering: Lowering, row: DieRow): MemberEntry {
  const { dwarf, littleEndian } = lowering;
  return {
    row,
    name: row,
    ...memberBits(dwarf, row, littleEndian),
    type: { row: typeOf(dwarf, row) },
  };
}

/** Members in ascending order of bit offset, equal offsets as they stood: rustc lists fields in source order, not as laid out. */
export function inLayoutOrder(members: readonly MemberEntry[]): MemberEntry[] {
  return [...members].sort((a, b) => a.bitOffset - b.bitOffset);
}

/**
 * The entry of a record: kind_flag is set as soon as one member is a bit-field, and then leaves 24 bits for every offset (BTFTypeStruct).
 */
export function compositeEntry(
  row: DieRow | undefined,
  kind: CompositeEntry["kind"],
  size: number,
  members: readonly MemberEntry[],
): CompositeEntry {
  const bitfields = members.some((member) => member.bitfieldSize > 0);
  const placed = bitfields
    ? members.map((member) => ({ ...member, bitOffset: member.bitOffset & MAX_FLAGGED_OFFSET }))
    : members;
  return { entry: "composite", row, kind, size, bitfields, members: placed };
}
