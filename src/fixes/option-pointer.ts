import { BtfBuilder } from "../btf/builder.ts";
import { optionPointer } from "../btf/option-pointer.ts";
import { optionIsPointer } from "../rules/btf/option-pointer.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { taggedOrMatched } from "./access.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** An `Option` of a pointer becomes that PTR under its own id. One that CO-RE matches by name, or that a DECL_TAG marks, stays a record. */
export const pointersForOptions: Fix = {
  rules: [optionIsPointer],
  summary: (count) => `${counted(count, "Option")} written as a pointer`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const { btf, ext } = state;
    const builder = new BtfBuilder(btf);
    const kept = taggedOrMatched(btf, ext);
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const pointer = optionPointer(btf, typeId);
      const type = pointer === undefined || kept.has(typeId) ? undefined : builder.get(pointer);
      if (type?.kind !== "ptr") return undefined;
      builder.replace(typeId, { ...type, nameOff: 0 });
      return "made it a PTR";
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
