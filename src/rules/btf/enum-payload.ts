import { type Btf, typeById } from "../../btf/model.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { TAG } from "../../dwarf/constants.ts";
import type { Correspondence } from "../../join/model.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** The row in DWARF of the variant part that an own UNION is; undefined for every other type. */
export function variantPart({ lowered, loweredId }: Correspondence, ownId: number): number | undefined {
  const row = lowered.rowOf(loweredId(ownId) ?? 0);
  return row !== undefined && lowered.dwarf.tag(row) === TAG.variantPart ? row : undefined;
}

/** Records of enums with payload: those that hold the UNION of a variant part. */
export function* payloadEnums(btf: Btf, join: Correspondence): Generator<number> {
  for (const [id, type] of typesOfKind(btf, "struct")) {
    const holds = type.members.some(
      (member) => typeById(btf, member.type)?.kind === "union" && variantPart(join, member.type) !== undefined,
    );
    if (holds) yield id;
  }
}

export const enumNotOpaque: Rule = {
  id: "btf/enum-not-opaque",
  title: "Under `--enum opaque` an enum with payload is its bytes.",
  covers: [],
  source: "the user's choice",
  fixable: true,
  *check({ btf, join, choices }: ObjectState): Generator<Diagnostic> {
    if (choices.enums !== "opaque" || join === undefined) return;
    for (const typeId of payloadEnums(btf, join)) {
      yield {
        rule: enumNotOpaque.id,
        severity: "note",
        message: `${label(btf, typeId)} shows the payload of an enum`,
        target: { typeId },
        ...placeOf(join, typeId),
        answers: [],
      };
    }
  },
};
