import type { BtfComposite } from "../../btf/model.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Position of the first member that begins before the one in front of it; undefined if all ascend. */
export function firstDescending(type: BtfComposite): number | undefined {
  let last = 0;
  let index = 0;
  for (const { bitOffset } of type.members) {
    if (bitOffset < last) return index;
    last = bitOffset;
    index++;
  }
  return undefined;
}

export const memberOrder: Rule = {
  id: "btf/member-order",
  title: "Members of a STRUCT stand in the order of their offsets.",
  covers: ["T1", "KM-05"],
  source: "kernel/bpf/btf.c btf_struct_check_meta",
  fixable: true,
  *check({ btf, join }: ObjectState): Generator<Diagnostic> {
    for (const [typeId, type] of typesOfKind(btf, "struct")) {
      const member = firstDescending(type);
      if (member === undefined) continue;
      yield {
        rule: memberOrder.id,
        severity: "error",
        message: `${label(btf, typeId)} lists its members out of the order of their offsets`,
        target: { typeId, member },
        ...placeOf(join, typeId, member),
        answers: kernelDrops("Invalid member bits_offset"),
      };
    }
  },
};

export const unionMemberOffset: Rule = {
  id: "btf/union-member-offset",
  title: "Every member of a UNION lies at offset 0.",
  covers: ["T6", "KM-04"],
  source: "kernel/bpf/btf.c btf_struct_check_meta",
  fixable: true,
  *check({ btf, join }: ObjectState): Generator<Diagnostic> {
    for (const [typeId, type] of typesOfKind(btf, "union")) {
      for (const [member, { bitOffset }] of type.members.entries()) {
        if (bitOffset === 0) continue;
        yield {
          rule: unionMemberOffset.id,
          severity: "error",
          message: `${label(btf, typeId)} holds a member at bit ${bitOffset}: the tag of a niche enum`,
          target: { typeId, member },
          ...placeOf(join, typeId),
          answers: kernelDrops("Invalid member bits_offset"),
        };
      }
    }
  },
};
