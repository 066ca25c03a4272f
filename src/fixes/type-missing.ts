import { BtfBuilder } from "../btf/builder.ts";
import type { BtfType } from "../btf/model.ts";
import { missingTypes, typeMissing } from "../rules/btf/type-missing.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";
import { grafterOf } from "./graft.ts";
import { withoutMisbound } from "./misbound.ts";

/** The type with `id` where its member, parameter, element or own type was. */
function withType(type: BtfType, member: number | undefined, id: number): BtfType {
  const put = <T extends { readonly type: number }>(list: readonly T[]): readonly T[] =>
    list.map((item, index) => (index === member ? { ...item, type: id } : item));
  switch (type.kind) {
    case "var":
    case "array":
      return { ...type, type: id };
    case "struct":
    case "union":
      return { ...type, members: put(type.members) };
    case "funcProto":
      return { ...type, params: put(type.params) };
    default:
      return type;
  }
}

/** T4, T5: the type that DWARF gives, which for every `char` is one unsigned INT of 4 bytes. */
export const supplyTypes: Fix = {
  rules: [typeMissing],
  summary: (count) => `${counted(count, "missing type")} supplied`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const grafter = grafterOf(withoutMisbound(state), builder);
    const loweredIds = new Map(missingTypes(state).map((site) => [`${site.typeId}:${site.member}`, site.loweredId]));
    const done = findings.map(({ target: { typeId = 0, member } }) => {
      const type = builder.get(typeId);
      const loweredId = loweredIds.get(`${typeId}:${member}`);
      if (type === undefined || loweredId === undefined || grafter === undefined) return undefined;
      builder.replace(typeId, withType(type, member, grafter.graft(loweredId)));
      return "gave it the type that DWARF names";
    });
    return { state: { ...state, btf: builder.finish(), grafts: grafter?.grafts() ?? state.grafts }, done };
  },
};
