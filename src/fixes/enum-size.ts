import { BtfBuilder } from "../btf/builder.ts";
import type { BtfEnum, BtfEnum64, BtfType } from "../btf/model.ts";
import { enumSize, typesOfValues, WIDE } from "../rules/btf/enum-size.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** Size of an enum of C that does not say otherwise, in bytes. */
const USUAL_SIZE = 4;

/** BTF_INT_SIGNED. */
const SIGNED = 1;

/** The INT of 128 bits that an enum is, under Rust's name. */
function wideInt(builder: BtfBuilder, isSigned: boolean): BtfType {
  const nameOff = builder.string(isSigned ? "i128" : "u128");
  return { kind: "int", nameOff, size: WIDE, bits: WIDE * 8, bitOffset: 0, encoding: isSigned ? SIGNED : 0 };
}

/**
 * An enum that is only declared is written as libbpf and pahole write it, without values and with the usual size, which nobody asks for behind a
 * pointer. What has a value of it has one of size 0: that is an empty STRUCT. One of 128 bits becomes a name for the number that it is.
 */
export const sizeEnums: Fix = {
  rules: [enumSize],
  summary: (count) => `${counted(count, "enum")} given a size that BTF has`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const held = typesOfValues(state.btf);
    const mend = (typeId: number, type: BtfEnum | BtfEnum64): string => {
      const { nameOff } = type;
      if (type.size === WIDE) {
        const int = wideInt(builder, type.signed);
        builder.replace(typeId, nameOff === 0 ? int : { kind: "typedef", nameOff, type: builder.add(int) });
        return `made it a number of ${WIDE * 8} bits`;
      }
      if (held.has(typeId)) {
        builder.replace(typeId, { kind: "struct", nameOff, size: 0, bitfields: false, members: [] });
        return "made it an empty STRUCT";
      }
      builder.replace(typeId, { ...type, size: USUAL_SIZE });
      return `gave it ${USUAL_SIZE} bytes`;
    };
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const type = builder.get(typeId);
      return type?.kind === "enum" || type?.kind === "enum64" ? mend(typeId, type) : undefined;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
