import { BtfBuilder } from "../btf/builder.ts";
import { escapeName } from "../btf/escape.ts";
import { paramUnnamed } from "../rules/func/params.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

const encoder = new TextEncoder();

/** F1: parameters take their name from the source, else `arg{i}` (patterns, `_` and `#[track_caller]`'s location have none there either). */
export const nameParams: Fix = {
  rules: [paramUnnamed],
  summary: (count) => `${counted(count, "parameter")} named`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const done = findings.map(({ target: { typeId = 0, member = 0 } }) => {
      const func = builder.get(typeId);
      const proto = func?.kind === "func" ? builder.get(func.type) : undefined;
      if (func?.kind !== "func" || proto?.kind !== "funcProto") return undefined;
      const source = state.join?.function(typeId)?.params;
      // LLVM drops dead parameters from some prototypes, so positions agree only where the counts do.
      const name = source?.length === proto.params.length ? (source[member]?.name ?? "") : "";
      const nameOff = builder.string(name === "" ? `arg${member}` : escapeName(encoder.encode(name)));
      const params = proto.params.map((param, index) => (index === member ? { ...param, nameOff } : param));
      builder.replace(func.type, { ...proto, params });
      return `named it ${name === "" ? `arg${member}` : name}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
