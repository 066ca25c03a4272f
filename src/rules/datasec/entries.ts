import { type Btf, type BtfDatasec, LINKAGE_EXTERN, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { sizeOf } from "../../btf/walk.ts";
import { kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Sections of externs, which libbpf lays out itself. */
const EXTERN_SECTIONS: ReadonlySet<string> = new Set([".ksyms", ".kconfig"]);

/** The DATASECs that describe real sections. */
export function* placedDatasecs(btf: Btf): Generator<readonly [id: number, datasec: BtfDatasec, name: string]> {
  for (const [typeId, type] of typesOfKind(btf, "datasec")) {
    const name = nameText(btf, type.nameOff);
    if (!EXTERN_SECTIONS.has(name)) yield [typeId, type, name];
  }
}

/** Given the bytes in the section, and those of the type: 0 where it has no size. */
type Judge = (entrySize: number, typeSize: number) => boolean;

function* check(state: ObjectState, rule: Rule, isWrong: Judge, fact: string): Generator<Diagnostic> {
  const { btf, join } = state;
  for (const [typeId, datasec, name] of placedDatasecs(btf)) {
    for (const [member, entry] of datasec.entries.entries()) {
      const variable = typeById(btf, entry.type);
      if (variable?.kind !== "var" || variable.linkage === LINKAGE_EXTERN) continue;
      if (!isWrong(entry.size, sizeOf(btf, variable.type) ?? 0)) continue;
      yield {
        rule: rule.id,
        severity: "error",
        message: `${label(btf, entry.type)} in ${name} ${fact} (${entry.size} bytes)`,
        target: { typeId, member },
        ...placeOf(join, entry.type),
        answers: kernelDrops("Invalid size"),
      };
    }
  }
}

export const zeroSizeEntry: Rule = {
  id: "datasec/zero-size-entry",
  title: "No DATASEC lists a variable of size 0.",
  covers: ["V6", "KD-05"],
  source: "kernel/bpf/btf.c btf_datasec_check_meta",
  fixable: true,
  check: (state) => check(state, zeroSizeEntry, (size) => size === 0, "has no size"),
};

export const shrunkEntry: Rule = {
  id: "datasec/shrunk-entry",
  title: "A variable takes at least as many bytes in its section as its type has.",
  covers: ["V7", "KD-10"],
  source: "kernel/bpf/btf.c btf_datasec_resolve; llvm GlobalOpt shrinks statics",
  fixable: true,
  check: (state) => check(state, shrunkEntry, (size, full) => size > 0 && full > size, "is smaller than its type"),
};
