import { BtfBuilder } from "../btf/builder.ts";
import { cNameOf } from "../btf/c-names.ts";
import { nameText } from "../btf/names.ts";
import { charOfFourBytes, integerNotC, nameIsKeyword } from "../rules/btf/c-names.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { coreTypes } from "./access.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";
import { nameOffOf, renamed } from "./names.ts";

/** N6: scalars get their C names, and names that are keywords of C an underscore. Types that CO-RE matches by name keep theirs. */
export const cNames: Fix = {
  rules: [integerNotC, nameIsKeyword],
  summary: (count) => `${counted(count, "name")} made C`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const kept = coreTypes(state.btf, state.ext);
    const done = findings.map(({ target: { typeId = 0, member } }) => {
      const type = builder.get(typeId);
      if (type === undefined) return undefined;
      const name = nameText(state.btf, nameOffOf(type, member));
      const isScalar = type.kind === "int" || type.kind === "float";
      if (!isScalar && kept.has(typeId)) return undefined;
      const written = cNameOf(type, name) ?? `${name}_`;
      builder.replace(typeId, renamed(type, member, builder.string(written)));
      return `named it ${written}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};

/** LLVM 23 calls Rust's `char` by that name: it becomes what C calls a character of four bytes. */
export const renameChars: Fix = {
  rules: [charOfFourBytes],
  summary: (count) => `${counted(count, "char")} renamed`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const type = builder.get(typeId);
      if (type?.kind !== "int") return undefined;
      const name = type.size === 4 ? "char32_t" : `char${type.size * 8}`;
      builder.replace(typeId, { ...type, nameOff: builder.string(name) });
      return `named it ${name}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
