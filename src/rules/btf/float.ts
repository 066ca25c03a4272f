import { shownName } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { misplacedFloat } from "../../btf/walk.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

export const floatMisaligned: Rule = {
  id: "btf/float-misaligned",
  title: "A FLOAT member is aligned to its size, at most to 8 bytes.",
  covers: ["T11", "KM-11"],
  source: "kernel/bpf/btf.c btf_float_check_member",
  fixable: true,
  *check({ btf, join }: ObjectState): Generator<Diagnostic> {
    for (const [typeId, type] of typesOfKind(btf, "struct", "union")) {
      for (const [member, inner] of type.members.entries()) {
        const float = misplacedFloat(btf, inner);
        if (float === undefined) continue;
        const { nameOff, bitOffset } = inner;
        yield {
          rule: floatMisaligned.id,
          severity: "error",
          message: `${shownName(btf, nameOff)} in ${label(btf, typeId)} is a float of ${float.size} bytes at bit ${bitOffset}`,
          target: { typeId, member },
          ...placeOf(join, typeId, member),
          answers: kernelDrops("Member is not properly aligned"),
        };
      }
    }
  },
};
