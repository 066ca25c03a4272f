import { typesOfKind } from "../../btf/of-kind.ts";
import { optionPointer } from "../../btf/option-pointer.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

export const optionIsPointer: Rule = {
  id: "btf/option-is-pointer",
  title: "An `Option` of a pointer is a PTR, which is null for `None`.",
  covers: ["T7"],
  source: "llvm BTFDebug BTFTypeStruct::completeType (variant part); libbpf init_struct_ops_maps",
  fixable: true,
  *check({ btf, join, choices }: ObjectState): Generator<Diagnostic> {
    if (choices.enums === "union") return;
    for (const [typeId] of typesOfKind(btf, "struct")) {
      if (optionPointer(btf, typeId) === undefined) continue;
      yield {
        rule: optionIsPointer.id,
        severity: "note",
        message: `${label(btf, typeId)} is a pointer, and is written as an enum with payload`,
        target: { typeId },
        ...placeOf(join, typeId),
        answers: [
          { judge: "libbpf", answer: "misreads", how: "as a member of .struct_ops it may hold no function" },
          { judge: "bpftool", answer: "misreads", how: "C programs see a struct" },
        ],
      };
    }
  },
};
