import { BtfBuilder } from "../btf/builder.ts";
import type { BtfType } from "../btf/model.ts";
import { charSites, charWithoutType } from "../rules/btf/char.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";
import { grafterOf } from "./graft.ts";

/** The type with `id` where its member, parameter, element or own type was. */
function withCharType(type: BtfType, member: number | undefined, id: number): BtfType {
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

/** T4, T5: one unsigned INT of 4 bytes for every `char`. */
export const typeChars: Fix = {
  rules: [charWithoutType],
  summary: (count) => `${counted(count, "char")} typed`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const grafter = grafterOf(state, builder);
    const loweredIds = new Map(charSites(state).map((site) => [`${site.typeId}:${site.member}`, site.loweredId]));
    const done = findings.map(({ target: { typeId = 0, member } }) => {
      const type = builder.get(typeId);
      const loweredId = loweredIds.get(`${typeId}:${member}`);
      if (type === undefined || loweredId === undefined || grafter === undefined) return undefined;
      builder.replace(typeId, withCharType(type, member, grafter.graft(loweredId)));
      return "gave it an unsigned INT of 4 bytes";
    });
    return { state: { ...state, btf: builder.finish(), grafts: grafter?.grafts() ?? state.grafts }, done };
  },
};
