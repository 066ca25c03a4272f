import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import type { CompositeEntry, Lowering, MemberEntry } from "./entries.ts";
import { bitfieldSize, bitOffset } from "./layout.ts";
import { typeOf } from "./names.ts";

/** Largest bit offset beside a bit-field's width. */
const MAX_FLAGGED_OFFSET = 0xff_ffff;

/**
 * The elements of a structure or union DIE: its members and variant parts, in DWARF order. Methods, template parameters, nested types
 * and static members are children too and no part of the layout.
 */
export function elementsOf(dwarf: Dwarf, row: DieRow): DieRow[] {
  const elements: DieRow[] = [];
  const end = dwarf.behind(row);
  for (let child = row + 1; child < end; child = dwarf.behind(child)) {
    const tag = dwarf.tag(child);
    if (tag === TAG.variantPart || (tag === TAG.member && !dwarf.flag(child, AT.declaration))) elements.push(child);
  }
  return elements;
}

/** A DW_TAG_member as a member of a record; `row` is kept for source places. */
export function memberEntry({ dwarf, littleEndian }: Lowering, row: DieRow): MemberEntry {
  return {
    row,
    name: row,
    bitOffset: bitOffset(dwarf, row, littleEndian),
    bitfieldSize: bitfieldSize(dwarf, row),
    type: { row: typeOf(dwarf, row) },
  };
}

/**
 * The members of a record (the loop of BTFTypeStruct::completeType): those that its entry lists, else the elements of its DIE, a variant
 * part as the nameless union that it is. rustc lists fields in source order, not as laid out; the kernel wants ascending offsets.
 */
export function membersOf(lowering: Lowering, { row, kind, members }: CompositeEntry): readonly MemberEntry[] {
  if (members !== undefined || row === undefined) return members ?? [];
  const { dwarf, dialect } = lowering;
  const own = elementsOf(dwarf, row).map((element): MemberEntry => {
    const member = memberEntry(lowering, element);
    return dwarf.tag(element) === TAG.variantPart ? { ...member, type: { row: element } } : member;
  });
  // Stable: equal offsets as they stood.
  return dialect.sortMembers && kind === "struct" ? own.sort((a, b) => a.bitOffset - b.bitOffset) : own;
}

/** Offset of a member beside bit-fields: kind_flag is set as soon as one member is one, and then leaves 24 bits (BTFTypeStruct). */
export function flaggedOffset(offset: number): number {
  return offset & MAX_FLAGGED_OFFSET;
}
