import { type Btf, typesWithIds } from "../../btf/model.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { skipModifiers } from "../../btf/walk.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Types of which something has a value, and not just a pointer to one; typedefs and the like are looked through. */
export function typesOfValues(btf: Btf): ReadonlySet<number> {
  const held = new Set<number>();
  const add = (id: number): unknown => held.add(skipModifiers(btf, id));
  for (const [, type] of typesWithIds(btf)) {
    if (type.kind === "struct" || type.kind === "union") for (const member of type.members) add(member.type);
    else if (type.kind === "array" || type.kind === "var") add(type.type);
    else if (type.kind === "funcProto") for (const id of [type.returnType, ...type.params.map((p) => p.type)]) add(id);
  }
  return held;
}

export const enumWithoutSize: Rule = {
  id: "btf/enum-without-size",
  title: "Every ENUM has a size; LLVM writes 0 for one that is only declared (`enum e;` in C).",
  covers: ["KE-01"],
  source:
    "kernel/bpf/btf.c btf_enum_check_meta; llvm BTFTypeEnum takes the size of the declaration, libbpf btf__add_fwd 4 bytes",
  fixable: true,
  *check({ btf, join }: ObjectState): Generator<Diagnostic> {
    for (const [typeId, { size, values }] of typesOfKind(btf, "enum")) {
      // One that lists values and has no size was never made by a compiler.
      if (size !== 0 || values.length > 0) continue;
      yield {
        rule: enumWithoutSize.id,
        severity: "error",
        message: `${label(btf, typeId)} has the size 0`,
        target: { typeId },
        ...placeOf(join, typeId),
        answers: kernelDrops("Unexpected size"),
      };
    }
  },
};
