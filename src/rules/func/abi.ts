import { type Btf, type BtfFuncProto, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { sizeOf, skipModifiers } from "../../btf/walk.ts";
import type { ObjectState } from "../state.ts";
import { verifiesAlike } from "./alike.ts";
import { type Arrival, callFlowOf } from "./call-flow.ts";
import type { Value } from "./flow.ts";
import { firstArguments } from "./helper-arity.ts";
import { contextOf } from "./program-kinds.ts";
import { signatureReader } from "./signature.ts";
import type { FunctionSite } from "./sites.ts";
import { isContext, isScalar } from "./verified-alone.ts";

/** Bytes of a register. */
const REGISTER = 8;

/** What a register holds where the source says something else: the context by the name of its struct, or a number of so many bytes. */
export type Held =
  | { readonly is: "context"; readonly struct: string }
  | { readonly is: "number"; readonly size: number };

/** How a prototype must be rewritten to say what travels in registers; undefined: as it is. */
export interface AbiPrototype {
  readonly params: readonly (Held | undefined)[];
  readonly result: Held | undefined;
}

/** DECL_TAG that makes an argument a context whatever its type, from Linux 6.8 on (bpf_helpers.h __arg_ctx). */
const CONTEXT_TAG = "arg:ctx";

function isTagged({ btf }: ObjectState, funcId: number, index: number): boolean {
  return typesOfKind(btf, "declTag").some(
    ([, type]) => type.type === funcId && type.component === index && nameText(btf, type.nameOff) === CONTEXT_TAG,
  );
}

/** Bytes of the number that a value travels as which the source calls a record, an array or a float; undefined for all others. */
function numberSize(btf: Btf, id: number): number | undefined {
  const kind = typeById(btf, skipModifiers(btf, id))?.kind;
  if (kind !== "struct" && kind !== "union" && kind !== "array" && kind !== "float") return undefined;
  const size = sizeOf(btf, id) ?? 0;
  if (size < 1 || size > REGISTER) return undefined;
  // What has no width of a number travels in the next wider one.
  return size === 3 ? 4 : size > 4 ? REGISTER : size;
}

/** Whether this is a pointer that may be to anything: to nothing, to a byte, to what is only declared, to rustc's `c_void`. */
function isOpaquePointer(btf: Btf, id: number): boolean {
  const pointer = typeById(btf, skipModifiers(btf, id));
  if (pointer?.kind !== "ptr") return false;
  const target = skipModifiers(btf, pointer.type);
  const type = typeById(btf, target);
  return target === 0 || type?.kind === "fwd" || ((type?.kind === "int" || type?.kind === "enum") && type.size === 1);
}

/** Whether the first argument registers, as many as there are parameters, are what a function reads: then one is in each. */
export function readsItsArguments(state: ObjectState, { symbol, offset }: FunctionSite, proto: BtfFuncProto): boolean {
  const reader = symbol === undefined ? undefined : signatureReader(state);
  if (symbol === undefined || reader === undefined) return false;
  return reader.argumentsRead({ section: symbol.section, offset }) === firstArguments(proto.params.length);
}

/** How programs come to a function; undefined where no program is seen to, or the code is not understood. */
export function arrivalOf({ elf }: ObjectState, { symbol, offset }: FunctionSite): Arrival | undefined {
  if (elf === undefined || symbol === undefined) return undefined;
  return callFlowOf(elf)?.arrival({ section: symbol.section, offset });
}

/** Positions of the parameters that are opaque pointers by their type, and are the program's context on every call. */
export function hiddenContexts(state: ObjectState, site: FunctionSite, proto: BtfFuncProto): readonly number[] {
  const { btf } = state;
  if (!proto.params.some(({ type }) => isOpaquePointer(btf, type))) return [];
  const arrival = arrivalOf(state, site);
  if (arrival === undefined || !readsItsArguments(state, site, proto)) return [];
  return proto.params.flatMap(({ type }, index) =>
    isOpaquePointer(btf, type) && arrival.args[index] === "context" && !isTagged(state, site.funcId, index)
      ? [index]
      : [],
  );
}

/** Whether the verifier comes to the same of a function alone as from its callers, if its numbers are numbers. */
export function fitsAlone(state: ObjectState, { symbol, offset }: FunctionSite, args: readonly Value[]): boolean {
  const { elf } = state;
  if (elf === undefined || symbol === undefined) return false;
  const [reader, flow] = [signatureReader(state), callFlowOf(elf)];
  if (reader === undefined || flow === undefined) return false;
  return verifiesAlike(flow, reader, { section: symbol.section, offset }, args);
}

/**
 * The prototype under which a global function can be verified alone though the source's cannot: a pointer that is always the program's
 * context is a pointer to its struct, and a record of up to 8 bytes that travels in one register is a number. Undefined where nothing is to
 * be rewritten, where that does not help, or where it is not certain that the verifier then takes what it took from the callers.
 */
export function abiPrototype(state: ObjectState, site: FunctionSite): AbiPrototype | undefined {
  const { btf } = state;
  const { proto } = site;
  if (proto === undefined || proto.params.length > 5) return undefined;
  const contexts = hiddenContexts(state, site, proto);
  const struct = contexts.length === 0 ? undefined : contextOf(arrivalOf(state, site)?.programs ?? new Set());
  const params = proto.params.map(({ type }, index): Held | undefined => {
    if (contexts.includes(index)) return struct === undefined ? undefined : { is: "context", struct };
    const size = numberSize(btf, type);
    return size === undefined ? undefined : { is: "number", size };
  });
  const size = numberSize(btf, proto.returnType);
  const result: Held | undefined = size === undefined ? undefined : { is: "number", size };
  if (result === undefined && params.every((held) => held === undefined)) return undefined;
  const args = proto.params.map(({ type }, index): Value | undefined => {
    const held = params[index];
    if (held !== undefined) return held.is === "context" ? "context" : "given";
    if (isContext(btf, type)) return "context";
    return isScalar(btf, type) && (sizeOf(btf, type) ?? 0) <= REGISTER ? "given" : undefined;
  });
  const known = args.filter((value) => value !== undefined);
  const isResultTaken = result !== undefined || isScalar(btf, proto.returnType);
  if (!isResultTaken || known.length < args.length || !readsItsArguments(state, site, proto)) return undefined;
  return fitsAlone(state, site, known) ? { params, result } : undefined;
}
