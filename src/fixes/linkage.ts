import { BtfBuilder } from "../btf/builder.ts";
import { LINKAGE_STATIC } from "../btf/model.ts";
import { builtinGlobal, linkageNotSymbol, notVerifiableAlone } from "../rules/func/linkage.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** F2, F2b, F7: the function becomes static, so that the verifier looks at it from its callers. The rules say when that is safe. */
export const makeStatic: Fix = {
  rules: [builtinGlobal, linkageNotSymbol, notVerifiableAlone],
  summary: (count) => `${counted(count, "function")} made static`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const func = builder.get(typeId);
      if (func?.kind !== "func") return undefined;
      builder.replace(typeId, { ...func, linkage: LINKAGE_STATIC });
      return "made it static";
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
