import type { BtfFuncProto } from "../btf/model.ts";
import type { LoweredFunction, LoweredParam } from "../lower/model.ts";
import { comparableName, type Side } from "./names.ts";

const encoder = new TextEncoder();

/**
 * The source parameter of each own parameter: by name, since LLVM drops dead ones and DWARF those that the source does not name (a
 * closure's environment); nameless ones by position where both lists have the same length.
 */
export function matchParams(own: Side, proto: BtfFuncProto, fn: LoweredFunction): (LoweredParam | undefined)[] {
  const byName = new Map<string, LoweredParam>();
  for (const param of fn.params) {
    const name = comparableName(encoder.encode(param.name));
    if (name !== "" && !byName.has(name)) byName.set(name, param);
  }
  return proto.params.map(({ nameOff }, index) => {
    if (nameOff !== 0) return byName.get(own.name(nameOff));
    const beside = proto.params.length === fn.params.length ? fn.params[index] : undefined;
    return beside?.name === "" ? beside : undefined;
  });
}
