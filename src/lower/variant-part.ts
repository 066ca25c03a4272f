import { AT, TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { addEntry, type Lowering, type MemberEntry } from "./entries.ts";
import { bytesOf } from "./layout.ts";
import { memberEntry } from "./members.ts";

const NO_NAME = new Uint8Array(0);

/** The tag of a variant part: the member that DW_AT_discr names; undefined when one variant needs no tag. */
export function discriminator(dwarf: Dwarf, part: DieRow): DieRow | undefined {
  const row = dwarf.reference(part, AT.discr);
  return row !== undefined && dwarf.tag(row) === TAG.member ? row : undefined;
}

/** The member of each variant, in DWARF order: its type is the variant's struct. */
export function variantsOf(dwarf: Dwarf, part: DieRow): DieRow[] {
  const members: DieRow[] = [];
  for (const variant of dwarf.children(part)) {
    if (dwarf.tag(variant) !== TAG.variant) continue;
    for (const child of dwarf.children(variant)) {
      if (dwarf.tag(child) === TAG.member) members.push(child);
    }
  }
  return members;
}

/**
 * The tag's value for a variant, from the member that `variantsOf` gave (`LoweredBtf.memberRow` keeps it); undefined for the variant
 * that every other value means (Rust's niche) and for a part without tag.
 */
export function discriminantOf(dwarf: Dwarf, member: DieRow): bigint | undefined {
  const variant = dwarf.parent(member);
  return variant !== undefined && dwarf.tag(variant) === TAG.variant ? dwarf.bigint(variant, AT.discrValue) : undefined;
}

/** Size in bytes of the union for a variant part: DWARF gives it none, so the enclosing record's. */
export function variantPartSize(dwarf: Dwarf, part: DieRow): number {
  const parent = dwarf.parent(part);
  return parent === undefined ? 0 : bytesOf(dwarf, parent);
}

/**
 * The UNION for a variant part (BTFDebug::visitStructType with a variant part, BTFTypeStruct::completeType): first the tag, then one
 * member a variant. LLVM leaves the tag at its real offset; the wrapping dialect puts a tag that does not lie at 0 into an anonymous
 * STRUCT of the union's size, appended before the union.
 */
export function addVariantUnion(lowering: Lowering, part: DieRow): number {
  const { dwarf, dialect } = lowering;
  const size = variantPartSize(dwarf, part);
  const tag = discriminator(dwarf, part);
  const variants = variantsOf(dwarf, part).map((row) => memberEntry(lowering, row));
  if (tag === undefined) return addUnion(lowering, part, size, variants);
  const member = memberEntry(lowering, tag);
  if (!dialect.wrapTag || member.bitOffset === 0) return addUnion(lowering, part, size, [member, ...variants]);
  const wrapper = addEntry(
    lowering,
    { entry: "composite", row: undefined, kind: "struct", size, members: [member] },
    undefined,
  );
  const wrapped: MemberEntry = { row: tag, name: NO_NAME, bitOffset: 0, bitfieldSize: 0, type: { id: wrapper } };
  return addUnion(lowering, part, size, [wrapped, ...variants]);
}

function addUnion(lowering: Lowering, row: DieRow, size: number, members: readonly MemberEntry[]): number {
  return addEntry(lowering, { entry: "composite", row, kind: "union", size, members }, row);
}
