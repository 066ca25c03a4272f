import { C_KEYWORDS, cNameOf } from "../../btf/c-names.ts";
import { unescapeName } from "../../btf/escape.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { label } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { nameSites } from "./names.ts";

export const integerNotC: Rule = {
  id: "btf/integer-not-c",
  title: "Under `--c-types` scalars have the names that C knows.",
  covers: ["N6"],
  source: "bpftool btf dump format c; libbpf btf_dump_emit_type_decl",
  fixable: true,
  *check({ btf, choices }: ObjectState): Generator<Diagnostic> {
    if (!choices.cTypes) return;
    for (const [typeId, type] of typesOfKind(btf, "int", "float")) {
      const name = cNameOf(type, nameText(btf, type.nameOff));
      if (name === undefined) continue;
      yield {
        rule: integerNotC.id,
        severity: "note",
        message: `${label(btf, typeId)} is ${name} in C`,
        target: { typeId },
        answers: [{ judge: "bpftool", answer: "misreads", how: "its C does not compile" }],
      };
    }
  },
};

export const nameIsKeyword: Rule = {
  id: "btf/name-is-c-keyword",
  title: "Under `--c-types` no type, member, enumerator or parameter is called as C calls something of its own.",
  covers: ["N6"],
  source: "bpftool btf dump format c",
  fixable: true,
  *check({ btf, choices }: ObjectState): Generator<Diagnostic> {
    if (!choices.cTypes) return;
    for (const { typeId, member, nameOff } of nameSites(btf)) {
      const name = nameText(btf, nameOff);
      if (!C_KEYWORDS.has(name)) continue;
      yield {
        rule: nameIsKeyword.id,
        severity: "note",
        message: `${member === undefined ? label(btf, typeId) : `${name} in ${label(btf, typeId)}`} has a keyword of C as its name`,
        target: member === undefined ? { typeId } : { typeId, member },
        answers: [{ judge: "bpftool", answer: "misreads", how: "its C does not compile" }],
      };
    }
  },
};

export const charOfFourBytes: Rule = {
  id: "btf/char-of-four-bytes",
  title: "An INT called `char` has one byte: C readers know no other.",
  covers: ["T4"],
  source: "llvm BTFDebug visitBasicType (LLVM 23: DW_ATE_UTF)",
  fixable: true,
  *check({ btf }: ObjectState): Generator<Diagnostic> {
    for (const [typeId, type] of typesOfKind(btf, "int")) {
      if (type.size === 1 || unescapeName(nameText(btf, type.nameOff)) !== "char") continue;
      yield {
        rule: charOfFourBytes.id,
        severity: "warning",
        message: `${label(btf, typeId)} has ${type.size} bytes`,
        target: { typeId },
        answers: [{ judge: "bpftool", answer: "misreads", how: "C programs see one byte" }],
      };
    }
  },
};
