import { BtfBuilder } from "../btf/builder.ts";
import { escapeName } from "../btf/escape.ts";
import { type BtfType, typeById } from "../btf/model.ts";
import { TAG_NAME } from "../join/members.ts";
import { discriminantOf, variantsOf } from "../lower/variant-part.ts";
import { type TagSite, tagSites, tagUnnamed } from "../rules/btf/tag.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** BTF_INT_SIGNED. */
const SIGNED = 1;
/** A tag wider than 64 bits keeps its INT: BTF has no enum for it. */
const MAX_ENUM_SIZE = 8;

interface Named {
  readonly nameOff: number;
  readonly value: bigint;
}

/** The variants that a value of the tag names; the one that all other values mean (a niche's payload) has none. */
function discriminants(state: ObjectState, builder: BtfBuilder, row: number): readonly Named[] {
  const dwarf = state.join?.lowered.dwarf;
  if (dwarf === undefined) return [];
  return variantsOf(dwarf, row).flatMap((member) => {
    const value = discriminantOf(dwarf, member);
    const name = dwarf.nameBytes(member);
    return value === undefined || name === undefined || name.length === 0
      ? []
      : [{ nameOff: builder.string(escapeName(name)), value }];
  });
}

function enumOf(state: ObjectState, builder: BtfBuilder, site: TagSite): BtfType | undefined {
  const tag = typeById(state.btf, site.type);
  if (tag?.kind !== "int" || tag.size > MAX_ENUM_SIZE) return undefined;
  const signed = (tag.encoding & SIGNED) !== 0;
  const bits = tag.size * 8;
  const cut = (value: bigint): bigint => (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
  const named = discriminants(state, builder, site.row).map(({ nameOff, value }) => ({ nameOff, value: cut(value) }));
  if (named.length === 0) return undefined;
  if (tag.size === MAX_ENUM_SIZE) return { kind: "enum64", nameOff: 0, size: tag.size, signed, values: named };
  const values = named.map(({ nameOff, value }) => ({ nameOff, value: Number(value) }));
  return { kind: "enum", nameOff: 0, size: tag.size, signed, values };
}

/** T7: the tag is called `tag`, and its type becomes an ENUM of the variants. */
export const nameTags: Fix = {
  rules: [tagUnnamed],
  summary: (count) => `${counted(count, "enum tag")} named`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const sites = new Map(tagSites(state).map((site) => [site.holderId, site]));
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const site = sites.get(typeId);
      const holder = builder.get(typeId);
      if (site === undefined || (holder?.kind !== "union" && holder?.kind !== "struct")) return undefined;
      const tagType = enumOf(state, builder, site);
      const type = tagType === undefined ? site.type : builder.add(tagType);
      const nameOff = builder.string(TAG_NAME);
      const members = holder.members.map((member, index) =>
        index === site.member ? { ...member, nameOff, type } : member,
      );
      builder.replace(typeId, { ...holder, members });
      return `named it ${TAG_NAME}${tagType === undefined ? "" : ", with the values of its variants"}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
