import { typesOfKind } from "../../btf/of-kind.ts";
import { skipModifiers } from "../../btf/walk.ts";
import { label } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

export const zeroSizeInt: Rule = {
  id: "btf/zero-size-int",
  title: "No INT has the size 0; rustc writes `()` as one.",
  covers: ["T2", "T3", "KY-04"],
  source:
    "kernel/bpf/btf.c btf_array_resolve (btf_type_int_is_regular); bpftool btf dump format c divides by its alignment",
  fixable: true,
  *check({ btf }: ObjectState): Generator<Diagnostic> {
    const elements = new Set<number>();
    for (const [, array] of typesOfKind(btf, "array")) elements.add(skipModifiers(btf, array.type));
    for (const [typeId, type] of typesOfKind(btf, "int")) {
      if (type.size !== 0) continue;
      const isElement = elements.has(typeId);
      yield {
        rule: zeroSizeInt.id,
        severity: isElement ? "error" : "warning",
        message: `${label(btf, typeId)} has the size 0${isElement ? " and is the element of an array" : ""}`,
        target: { typeId },
        answers: isElement
          ? [{ judge: "kernel", answer: "drops the BTF", text: "Invalid array of int" }]
          : [{ judge: "bpftool", answer: "rejects", how: "`btf dump … format c` dies of SIGFPE" }],
      };
    }
  },
};
