import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import type { Lowering, MemberEntry } from "./entries.ts";
import { memberBits } from "./layout.ts";
import { nameOf, typeOf } from "./names.ts";

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
    name: nameOf(dwarf, row),
    ...memberBits(dwarf, row, littleEndian),
    type: { row: typeOf(dwarf, row) },
  };
}

/** Members in ascending order of bit offset, equal offsets as they stood: rustc lists fields in source order, not as laid out. */
export function inLayoutOrder(members: readonly MemberEntry[]): MemberEntry[] {
  return [...members].sort((a, b) => a.bitOffset - b.bitOffset);
}
