import { BtfBuilder } from "../btf/builder.ts";
import type { BtfType } from "../btf/model.ts";
import { enumWithoutSize, typesOfValues } from "../rules/btf/enum-size.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** Size of an enum of C that does not say otherwise, in bytes. */
const USUAL_SIZE = 4;

/**
 * An enum that is only declared is written as libbpf and pahole write it, without values and with the usual size, which nobody asks for behind a
 * pointer. What has a value of it has one of size 0: that is an empty STRUCT.
 */
export const sizeEnums: Fix = {
  rules: [enumWithoutSize],
  summary: (count) => `${counted(count, "declared enum")} given a size`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const held = typesOfValues(state.btf);
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const type = builder.get(typeId);
      if (type?.kind !== "enum") return undefined;
      const empty: BtfType = { kind: "struct", nameOff: type.nameOff, size: 0, bitfields: false, members: [] };
      builder.replace(typeId, held.has(typeId) ? empty : { ...type, size: USUAL_SIZE });
      return held.has(typeId) ? "made it an empty STRUCT" : `gave it ${USUAL_SIZE} bytes`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
