import { type BtfType, typesWithIds } from "../../btf/model.ts";
import { nameBytes } from "../../btf/names.ts";
import { kernelDrops } from "../answers.ts";
import { label } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Kinds that must be anonymous; LLVM before 21.1.5 named pointers and qualifiers (`*const [i32; 1]`). */
export const NAMELESS: ReadonlySet<BtfType["kind"]> = new Set([
  "ptr",
  "const",
  "volatile",
  "restrict",
  "array",
  "funcProto",
]);

export const nameOnNamelessKind: Rule = {
  id: "btf/name-on-nameless-kind",
  title: "PTR, CONST, VOLATILE, RESTRICT, ARRAY and FUNC_PROTO have no name.",
  covers: ["N4"],
  source: "kernel/bpf/btf.c btf_ref_type_check_meta, btf_array_check_meta, btf_func_proto_check_meta",
  fixable: true,
  *check({ btf }: ObjectState): Generator<Diagnostic> {
    for (const [typeId, type] of typesWithIds(btf)) {
      if (!NAMELESS.has(type.kind) || type.nameOff === 0) continue;
      yield {
        rule: nameOnNamelessKind.id,
        severity: "error",
        message: `${label(btf, typeId)} has a name, which this kind must not have`,
        target: { typeId },
        answers: [...kernelDrops("Invalid name"), { judge: "aya", answer: "repairs" }],
      };
    }
  },
};

/** Kinds whose empty name the kernel looks at: everything but INT and FLOAT. */
function isChecked(type: BtfType): boolean {
  return type.kind !== "int" && type.kind !== "float";
}

export const emptyNameNotZero: Rule = {
  id: "btf/empty-name-not-zero",
  title: "An anonymous name is string offset 0, not the offset of another NUL.",
  covers: ["KS-00"],
  source: "kernel/bpf/btf.c btf_name_valid_identifier",
  fixable: true,
  *check({ btf }: ObjectState): Generator<Diagnostic> {
    for (const [typeId, type] of typesWithIds(btf)) {
      if (type.nameOff === 0 || !isChecked(type) || nameBytes(btf, type.nameOff)?.length !== 0) continue;
      yield {
        rule: emptyNameNotZero.id,
        severity: "error",
        message: `${label(btf, typeId)} is anonymous by string offset ${type.nameOff} instead of 0`,
        target: { typeId },
        answers: kernelDrops("Invalid name"),
      };
    }
  },
};
