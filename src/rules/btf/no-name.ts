import type { Btf, BtfType } from "../../btf/model.ts";
import { isEmptyName } from "../../btf/names.ts";
import { kernelDrops } from "../answers.ts";
import { label } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { innerNames, type NameSite, wrongName } from "./names.ts";

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
    let id = btf.firstId;
    for (const type of btf.types) {
      const typeId = id++;
      if (type.nameOff === 0 || !NAMELESS.has(type.kind)) continue;
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

/** Kinds that may be anonymous, and then by offset 0 alone; INT and FLOAT are never looked at, the others must have a name. */
const MAY_BE_ANONYMOUS: ReadonlySet<BtfType["kind"]> = new Set(["struct", "union", "enum", "enum64"]);

/** What the entries of a list are called where they may be anonymous. */
const ENTRY: Partial<Readonly<Record<BtfType["kind"], string>>> = {
  struct: "member",
  union: "member",
  funcProto: "parameter",
};

/** Every anonymous name by another offset than 0: of types, of members, of parameters (the variadic marker among them). */
function* misplacedEmptyNames(btf: Btf): Generator<NameSite & Pick<BtfType, "kind">> {
  let id = btf.firstId;
  for (const type of btf.types) {
    const typeId = id++;
    const { kind, nameOff } = type;
    if (nameOff !== 0 && MAY_BE_ANONYMOUS.has(kind) && isEmptyName(btf, nameOff)) {
      yield { kind, typeId, member: undefined, nameOff };
    }
    if (ENTRY[kind] === undefined) continue;
    let next = 0;
    for (const inner of innerNames(type)) {
      const member = next++;
      if (inner.nameOff !== 0 && isEmptyName(btf, inner.nameOff))
        yield { kind, typeId, member, nameOff: inner.nameOff };
    }
  }
}

export const emptyNameNotZero: Rule = {
  id: "btf/empty-name-not-zero",
  title: "An anonymous name is string offset 0, not the offset of another NUL.",
  covers: ["KS-00"],
  source: "kernel/bpf/btf.c btf_name_valid_identifier",
  fixable: true,
  *check({ btf }: ObjectState): Generator<Diagnostic> {
    for (const { kind, typeId, member, nameOff } of misplacedEmptyNames(btf)) {
      const what = member === undefined ? "" : `${ENTRY[kind]} ${member + 1} of `;
      yield {
        rule: emptyNameNotZero.id,
        severity: "error",
        message: `${what}${label(btf, typeId)} is anonymous by string offset ${nameOff} instead of 0`,
        target: member === undefined ? { typeId } : { typeId, member },
        answers: kernelDrops(wrongName(kind, member)),
      };
    }
  },
};
