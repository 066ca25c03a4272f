import { BtfBuilder } from "../btf/builder.ts";
import { escapeName } from "../btf/escape.ts";
import { nameBytes } from "../btf/names.ts";
import { zeroSizeInt } from "../rules/btf/unit.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** T2, T3: `()` becomes an empty STRUCT under the same id; no member and no array goes. */
export const structsForUnits: Fix = {
  rules: [zeroSizeInt],
  summary: (count) => `${counted(count, "zero-sized INT")} made a struct`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const type = builder.get(typeId);
      if (type?.kind !== "int") return undefined;
      const name = nameBytes(state.btf, type.nameOff) ?? new Uint8Array(0);
      const nameOff = name.length === 0 ? 0 : builder.string(escapeName(name));
      builder.replace(typeId, { kind: "struct", nameOff, size: 0, bitfields: false, members: [] });
      return "made it an empty STRUCT";
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
