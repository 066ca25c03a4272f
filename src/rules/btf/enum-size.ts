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

/** Bytes of an enum of 128 bits, which Rust has and BTF cannot list. */
export const WIDE = 16;

/** What is wrong with a size, in words; compilers make no other wrong ones, and none of 0 that lists values. */
function fault(size: number, isListed: boolean): string | undefined {
  if (size === 0 && !isListed) return "has the size 0";
  return size === WIDE ? `has ${WIDE * 8} bits` : undefined;
}

export const enumSize: Rule = {
  id: "btf/enum-size",
  title:
    "An ENUM has 1, 2, 4 or 8 bytes: LLVM writes 0 where it is only declared (`enum e;` in C), and 16 for Rust's `repr(u128)`.",
  covers: ["KE-01"],
  source:
    "kernel/bpf/btf.c btf_enum_check_meta, btf_enum64_check_meta; llvm BTFTypeEnum; libbpf btf__add_fwd (4 bytes)",
  fixable: true,
  *check({ btf, join }: ObjectState): Generator<Diagnostic> {
    for (const [typeId, { size, values }] of typesOfKind(btf, "enum", "enum64")) {
      const what = fault(size, values.length > 0);
      if (what === undefined) continue;
      yield {
        rule: enumSize.id,
        severity: "error",
        message: `${label(btf, typeId)} ${what}`,
        target: { typeId },
        ...placeOf(join, typeId),
        answers: kernelDrops("Unexpected size"),
      };
    }
  },
};
