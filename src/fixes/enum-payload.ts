import { BtfBuilder } from "../btf/builder.ts";
import { OPAQUE_NAME } from "../join/members.ts";
import { enumNotOpaque } from "../rules/btf/enum-payload.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { taggedOrMatched } from "./access.ts";
import { byteArrays } from "./bytes-type.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** `--enum opaque`: the record keeps its name and size, and one member `bytes`. */
export const bytesForEnums: Fix = {
  rules: [enumNotOpaque],
  summary: (count) => `${counted(count, "enum")} made opaque`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const bytes = byteArrays(state.btf, builder);
    const kept = taggedOrMatched(state.btf, state.ext);
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const type = builder.get(typeId);
      if (type?.kind !== "struct" || kept.has(typeId)) return undefined;
      const member = { nameOff: builder.string(OPAQUE_NAME), type: bytes(type.size), bitOffset: 0, bitfieldSize: 0 };
      builder.replace(typeId, { ...type, bitfields: false, members: type.size === 0 ? [] : [member] });
      return `made it ${type.size} bytes`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
