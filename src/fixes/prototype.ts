import { BtfBuilder } from "../btf/builder.ts";
import { LINKAGE_STATIC } from "../btf/model.ts";
import { prototypeLost, withoutPrototype } from "../rules/func/prototype.ts";
import type { Signature } from "../rules/func/signature.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** Bytes of a register, which is all that is known of an argument. */
const REGISTER = 8;

/** A register's type: an INT that the object has, else one with the name that C and Rust tools alike can print. */
function registerType(builder: BtfBuilder, { btf }: ObjectState): number {
  const index = btf.types.findIndex(
    (type) => type.kind === "int" && type.size === REGISTER && type.bits === 8 * REGISTER && type.encoding === 0,
  );
  if (index >= 0) return btf.firstId + index;
  const nameOff = builder.string("unsigned long long");
  return builder.add({ kind: "int", nameOff, size: REGISTER, bits: 8 * REGISTER, bitOffset: 0, encoding: 0 });
}

/** A signature in words: "of 2 arguments without a result". */
export function shownText({ arity, returnsValue }: Signature): string {
  return `of ${counted(arity, "argument")}${returnsValue ? "" : " without a result"}`;
}

/** Gives the id of the FUNC_PROTO of a signature, appended when first asked for. */
export function prototypes(builder: BtfBuilder, state: ObjectState): (signature: Signature) => number {
  const known = new Map<string, number>();
  let register: number | undefined;
  return ({ arity, returnsValue }) => {
    const key = `${arity} ${returnsValue}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    if (register === undefined && (arity > 0 || returnsValue)) register = registerType(builder, state);
    const type = register ?? 0;
    const params = Array.from({ length: arity }, (_, index) => ({ nameOff: builder.string(`arg${index}`), type }));
    const id = builder.add({ kind: "funcProto", nameOff: 0, returnType: returnsValue ? type : 0, params });
    known.set(key, id);
    return id;
  };
}

/** F6: a called function whose type id is chance gets the prototype that its code shows, and becomes static as nothing more is known. */
export const supplyPrototypes: Fix = {
  rules: [prototypeLost],
  summary: (count) => `${counted(count, "prototype")} made from code`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const prototypeOf = prototypes(builder, state);
    const shown = new Map(withoutPrototype(state).map(({ typeId, signature }) => [typeId, signature]));
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const func = builder.get(typeId);
      const signature = shown.get(typeId);
      if (func?.kind !== "func" || signature === undefined) return undefined;
      builder.replace(typeId, { ...func, type: prototypeOf(signature), linkage: LINKAGE_STATIC });
      return `made it a static function ${shownText(signature)}`;
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
