import { BtfBuilder } from "../btf/builder.ts";
import type { BtfExt } from "../btf/ext-model.ts";
import { LINKAGE_STATIC } from "../btf/model.ts";
import { STB_LOCAL } from "../elf/model.ts";
import { builtinGlobal, linkageNotSymbol, notVerifiableAlone } from "../rules/func/linkage.ts";
import { type Described, functionSites } from "../rules/func/sites.ts";
import { calledSymbols } from "../rules/func/symbol-name.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/** Ids of FUNCs whose symbol is global, carries their name, and is called by it. */
function calledByName(state: ObjectState): ReadonlySet<number> {
  const { elf } = state;
  if (elf === undefined) return new Set();
  const called = calledSymbols(elf);
  return new Set(
    [...functionSites(state)].flatMap(({ funcId, name, symbol }) =>
      symbol !== undefined && symbol.binding !== STB_LOCAL && symbol.name === name && called.has(symbol.index)
        ? [funcId]
        : [],
    ),
  );
}

/** func_info with other FUNCs at the same places. */
function withFuncs(ext: BtfExt, funcs: ReadonlyMap<number, number>): BtfExt {
  if (ext.funcInfo === undefined || funcs.size === 0) return ext;
  const sections = ext.funcInfo.sections.map(({ secNameOff, records }) => ({
    secNameOff,
    records: records.map((record) => ({ ...record, typeId: funcs.get(record.typeId) ?? record.typeId })),
  }));
  return { ...ext, funcInfo: { ...ext.funcInfo, sections } };
}

/**
 * F2, F2b, F7: the function becomes static, so that the verifier looks at it from its callers. The rules say when that is safe.
 *
 * Where code calls it by its symbol, that must stay global for cilium/ebpf ("unsupported binding: STB_LOCAL"), and bpftool's linker wants a
 * global FUNC of its name: then the FUNC stays, and func_info, which the verifier goes by, names a static one beside it.
 */
export const makeStatic: Fix = {
  rules: [builtinGlobal, linkageNotSymbol, notVerifiableAlone],
  summary: (count) => `${counted(count, "function")} made static`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const named = calledByName(state);
    const funcs = new Map<number, number>();
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const func = builder.get(typeId);
      if (func?.kind !== "func") return undefined;
      if (named.has(typeId)) funcs.set(typeId, builder.add({ ...func, linkage: LINKAGE_STATIC }));
      else builder.replace(typeId, { ...func, linkage: LINKAGE_STATIC });
      return "made it static";
    });
    const ext = state.ext === undefined ? undefined : withFuncs(state.ext, funcs);
    return { state: { ...state, btf: builder.finish(), ext }, done };
  },
};

/**
 * Indices of the symbols that must become local because a repair made their FUNC static, or made it at all: bpftool's linker looks a static FUNC up for no
 * global symbol ("failed to find BTF info for global/extern symbol"). Left alone: functions that were static as they came, and those
 * that code calls by name, since to call them by section would change instructions.
 */
export function symbolsOfStatics(before: Described, after: Described): readonly number[] {
  const { elf } = after;
  if (elf === undefined || before.btf === after.btf) return [];
  const wereStatic = new Set<number>();
  for (const { funcId, func } of functionSites(before)) if (func.linkage === LINKAGE_STATIC) wereStatic.add(funcId);
  const symbols: number[] = [];
  for (const { funcId, func, symbol } of functionSites(after)) {
    if (func.linkage !== LINKAGE_STATIC || wereStatic.has(funcId) || symbol === undefined) continue;
    if (symbol.binding !== STB_LOCAL) symbols.push(symbol.index);
  }
  if (symbols.length === 0) return symbols;
  const called = calledSymbols(elf);
  return symbols.filter((symbol) => !called.has(symbol));
}
