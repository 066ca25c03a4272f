import { typeById } from "../../btf/model.ts";
import { idsOfKind } from "../../btf/of-kind.ts";
import { skipModifiers } from "../../btf/walk.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

export const returnsNamedVoid: Rule = {
  id: "func/returns-named-void",
  title: "A prototype that returns nothing says void, and no typedef of it.",
  covers: ["KP-01"],
  source: "kernel/bpf/btf.c btf_func_proto_check",
  fixable: true,
  *check({ btf, join }: ObjectState): Generator<Diagnostic> {
    for (const typeId of idsOfKind(btf, "funcProto")) {
      const type = typeById(btf, typeId);
      const returnType = type?.kind === "funcProto" ? type.returnType : 0;
      if (returnType === 0 || skipModifiers(btf, returnType) !== 0) continue;
      yield {
        rule: returnsNamedVoid.id,
        severity: "error",
        message: `${label(btf, typeId)} returns ${label(btf, returnType)}, which is void`,
        target: { typeId },
        ...placeOf(join, typeId),
        answers: kernelDrops("Invalid return type"),
      };
    }
  },
};
