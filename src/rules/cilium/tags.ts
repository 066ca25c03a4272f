import type { LoaderRule } from "../loader.ts";
import { ciliumRule, refuse } from "./rule.ts";
import { longForm, shortForm, type Type, VOID_TYPE } from "./types.ts";

const source = "btf.decoder.inflateType";
const whole = ciliumRule(
  "CB-20",
  "A tag of a VAR or TYPEDEF is one of the whole.",
  source,
  "type T: component idx N is not -1",
);
const inside = ciliumRule("CB-21", "A tag of a part is one of a part that is there.", source, [
  "type T: component idx N exceeds members of S",
  "type T: component idx N exceeds params of F",
]);
const component = ciliumRule(
  "CB-22",
  "The component of a tag is -1 or that of a part.",
  source,
  "type T: decl tag for type S has invalid component idx",
);
const prototype = ciliumRule("CB-23", "A FUNC with a tag is of a FUNC_PROTO.", source, "type T: F is not a FuncProto");
const taggable = ciliumRule(
  "CB-24",
  "A tag is one of a VAR, TYPEDEF, STRUCT, UNION or FUNC.",
  source,
  "type T: decl tag for type S is not supported",
);

export const tagRules: readonly LoaderRule[] = [whole, inside, component, prototype, taggable];

/** Gives a DECL_TAG to the type that it is for. Errors: CB-20 to CB-24. */
export function applyTag(type: Type, tag: Type): void {
  const { detail, text, id } = tag;
  const at = { typeId: id };
  const label = `type ${shortForm(tag)}`;
  switch (type.kind) {
    case "Var":
    case "Typedef":
      if (detail !== -1) refuse(whole, `${label}: component idx ${detail} is not -1`, at);
      type.tags.push(text);
      return;
    case "Struct":
    case "Union": {
      if (detail < -1)
        refuse(component, `${label}: decl tag for type ${shortForm(type)} has invalid component idx`, at);
      const part = type.parts[detail];
      if (detail >= 0 && part === undefined) {
        refuse(inside, `${label}: component idx ${detail} exceeds members of ${shortForm(type)}`, at);
      }
      (part?.tags ?? type.tags).push(text);
      return;
    }
    case "Func": {
      const proto = type.ref ?? VOID_TYPE;
      if (proto.kind !== "FuncProto") refuse(prototype, `${label}: ${shortForm(proto)} is not a FuncProto`, at);
      if (type.paramTags.length === 0) type.paramTags = proto.parts.map(() => []);
      if (detail >= proto.parts.length) {
        refuse(inside, `${label}: component idx ${detail} exceeds params of ${shortForm(type)}`, at);
      }
      if (detail < -1)
        refuse(component, `${label}: decl tag for type ${shortForm(type)} has invalid component idx`, at);
      (detail < 0 ? type.tags : (type.paramTags[detail] ?? type.tags)).push(text);
      return;
    }
    default:
      refuse(taggable, `${label}: decl tag for type ${longForm(type).replace("…", "")} is not supported`, at);
  }
}
