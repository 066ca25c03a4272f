import { BtfBuilder } from "../btf/builder.ts";
import { sizeOf } from "../btf/walk.ts";
import { floatMisaligned } from "../rules/btf/float.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { byteArrays } from "./bytes-type.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** T11: a float at an odd place in a packed struct becomes as many bytes. */
export const bytesForFloats: Fix = {
  rules: [floatMisaligned],
  summary: (count) => `${counted(count, "misaligned float")} turned into bytes`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const bytes = byteArrays(state.btf, builder);
    const done = findings.map(({ target: { typeId = 0, member = 0 } }) => {
      const type = builder.get(typeId);
      if (type?.kind !== "struct" && type?.kind !== "union") return undefined;
      const size = sizeOf(state.btf, type.members[member]?.type ?? 0);
      if (size === undefined) return undefined;
      const members = type.members.map((other, index) => (index === member ? { ...other, type: bytes(size) } : other));
      builder.replace(typeId, { ...type, members });
      return `made it an array of ${size} bytes`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
