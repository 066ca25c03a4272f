import { type Btf, LINKAGE_GLOBAL, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { KIND_TEXT } from "../../btf/render/words.ts";
import { skipModifiers } from "../../btf/walk.ts";
import { STB_LOCAL, STV_DEFAULT } from "../../elf/model.ts";
import { cannotLoad, rejects } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { type AbiPrototype, abiPrototype, type Held, hiddenContexts } from "./abi.ts";
import { programKind } from "./program-kinds.ts";
import { reachedFunctions } from "./reached.ts";
import { type FunctionSite, functionSites } from "./sites.ts";
import { verifiedAlone } from "./verified-alone.ts";

function kindText(btf: Btf, id: number): string {
  const type = typeById(btf, skipModifiers(btf, id));
  return type === undefined ? "nothing" : KIND_TEXT[type.kind];
}

function heldText(held: Held): string {
  return held.is === "context" ? "the program's context" : `a number of ${held.size} bytes`;
}

/** "argument 1 (PTR) is the program's context, its result (STRUCT) a number of 4 bytes". */
function differenceText({ btf }: ObjectState, { proto }: FunctionSite, { params, result }: AbiPrototype): string {
  const parts = params.flatMap((held, index) =>
    held === undefined
      ? []
      : [`argument ${index + 1} (${kindText(btf, proto?.params[index]?.type ?? 0)}) is ${heldText(held)}`],
  );
  if (result !== undefined) parts.push(`its result (${kindText(btf, proto?.returnType ?? 0)}) is ${heldText(result)}`);
  return parts.join(", ");
}

/**
 * Global functions that can be verified alone once their prototype says what travels in registers. In BTF that the kernel takes only those
 * that it cannot have loaded with.
 */
export function* abiPrototypes(state: ObjectState): Generator<readonly [FunctionSite, AbiPrototype]> {
  const { elf, btf } = state;
  if (elf === undefined) return;
  for (const site of functionSites(state)) {
    const { func, proto, symbol, name } = site;
    if (!site.isSubprogram || func.linkage !== LINKAGE_GLOBAL || proto === undefined || symbol === undefined) continue;
    if (symbol.binding === STB_LOCAL || symbol.visibility !== STV_DEFAULT) continue;
    const { verdict } = verifiedAlone(btf, name, proto);
    if (verdict === "fits" || !reachedFunctions(elf).has(site.offset)) continue;
    if (!state.refusedAsGiven && verdict !== "fails" && hiddenContexts(state, site, proto).length === 0) continue;
    const rewritten = abiPrototype(state, site);
    if (rewritten !== undefined) yield [site, rewritten];
  }
}

export const prototypeNotAbi: Rule = {
  id: "func/prototype-not-abi",
  title:
    "A global function's prototype says what travels in registers: a context by its struct, a small record as a number.",
  covers: ["F7", "R14", "KB-15", "KB-16"],
  source: "kernel/bpf/btf.c btf_prepare_func_args; rustc_target callconv/bpf.rs",
  fixable: true,
  asksRefusal: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const [site, rewritten] of abiPrototypes(state)) {
      const { funcId, name, proto } = site;
      const alone = proto === undefined ? undefined : verifiedAlone(state.btf, name, proto);
      const text = alone?.verdict === "fails" ? alone.text : `Caller passes invalid args into func#… ('${name}')`;
      yield {
        rule: prototypeNotAbi.id,
        severity: "error",
        message: `${label(state.btf, funcId)} is global, and to the verifier ${differenceText(state, site, rewritten)}`,
        target: { typeId: funcId },
        ...placeOf(state.join, funcId),
        answers: [cannotLoad(text), rejects("cilium/ebpf", text, { at: "load" })],
      };
    }
  },
};

/** What rustc calls the ENUM that a `*mut c_void` points to. */
const C_VOID = "c_void";

function isCVoid(btf: Btf, id: number): boolean {
  const pointer = typeById(btf, skipModifiers(btf, id));
  const type = pointer?.kind === "ptr" ? typeById(btf, skipModifiers(btf, pointer.type)) : undefined;
  return type?.kind === "enum" && type.size === 1 && nameText(btf, type.nameOff) === C_VOID;
}

/** Programs whose only argument is a `*mut c_void`, with the struct by which the kernel knows their context. */
export function* untypedPrograms(state: ObjectState): Generator<readonly [FunctionSite, string]> {
  for (const site of functionSites(state)) {
    const [param, ...others] = site.proto?.params ?? [];
    if (site.isSubprogram || param === undefined || others.length > 0 || !isCVoid(state.btf, param.type)) continue;
    const context = programKind(site.section)?.context;
    if (context !== undefined) yield [site, context];
  }
}

export const contextUntyped: Rule = {
  id: "func/context-untyped",
  title: "A program's argument is a pointer to the struct of its context; aya's macros declare `*mut c_void`.",
  covers: [],
  source: "kernel/bpf/btf.c btf_check_func_type_match",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const [{ funcId, name }, context] of untypedPrograms(state)) {
      yield {
        rule: contextUntyped.id,
        severity: "note",
        message: `${label(state.btf, funcId)} does not say that its argument is a ${context}, so no program can replace it`,
        target: { typeId: funcId },
        ...placeOf(state.join, funcId),
        answers: [rejects("kernel", `arg0 in ${name}() is not a pointer to context`, { errno: 22 })],
      };
    }
  },
};
