import { typeById } from "../../btf/model.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { variantPart } from "./enum-payload.ts";

/** The unnamed tag of an enum with payload: where it stands in the own BTF, and the variant part in DWARF that explains it. */
export interface TagSite {
  /** The record that holds the tag: the UNION, or the STRUCT that wraps a tag away from offset 0. */
  readonly holderId: number;
  /** Position of the tag in its holder, and its type. */
  readonly member: number;
  readonly type: number;
  /** The UNION, and its row in DWARF. */
  readonly unionId: number;
  readonly row: number;
}

/** Every unnamed tag, which LLVM writes as the first member of the UNION that a variant part becomes. */
export function tagSites({ btf, join }: ObjectState): readonly TagSite[] {
  if (join === undefined) return [];
  const sites: TagSite[] = [];
  for (const [unionId, union] of typesOfKind(btf, "union")) {
    const row = variantPart(join, unionId);
    const first = union.members[0];
    if (row === undefined || first === undefined || first.nameOff !== 0) continue;
    const holder = typeById(btf, first.type);
    const inner = holder?.kind === "struct" ? holder.members[0] : first;
    const holderId = holder?.kind === "struct" ? first.type : unionId;
    if (inner === undefined || inner.nameOff !== 0 || typeById(btf, inner.type)?.kind !== "int") continue;
    sites.push({ holderId, member: 0, type: inner.type, unionId, row });
  }
  return sites;
}

export const tagUnnamed: Rule = {
  id: "btf/tag-unnamed",
  title: "The tag of an enum with payload has a name and the names of its variants.",
  covers: ["T7"],
  source: "llvm BTFDebug BTFTypeStruct::completeType (variant part)",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    if (state.choices.enums !== "tagged") return;
    for (const { unionId, holderId, member } of tagSites(state)) {
      yield {
        rule: tagUnnamed.id,
        severity: "note",
        message: `the tag of ${label(state.btf, unionId)} has no name and no values`,
        target: { typeId: holderId, member },
        ...placeOf(state.join, unionId),
        answers: [{ judge: "bpftool", answer: "misreads", how: "an empty key in map dumps" }],
      };
    }
  },
};
