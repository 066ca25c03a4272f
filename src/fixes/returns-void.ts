import { BtfBuilder } from "../btf/builder.ts";
import { returnsNamedVoid } from "../rules/func/returns-void.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** KP-01: a typedef of void at the place of a result becomes void; the typedef stays. */
export const returnVoid: Fix = {
  rules: [returnsNamedVoid],
  summary: (count) => `${counted(count, "prototype")} made to return void`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const type = builder.get(typeId);
      if (type?.kind !== "funcProto") return undefined;
      builder.replace(typeId, { ...type, returnType: 0 });
      return "made it void";
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
