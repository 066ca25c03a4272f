import { BtfBuilder } from "../btf/builder.ts";
import { LINKAGE_GLOBAL, LINKAGE_STATIC } from "../btf/model.ts";
import { misnamedFunctions, symbolNotNamed } from "../rules/func/symbol-name.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";

/**
 * F4, for static functions: a global FUNC of the symbol's name stands beside the one that func_info names, for linkers. Left alone are
 * global functions: bpftool's linker drops their FUNC, with its place in func_info, unless it has that name itself, and people attach to
 * it by the short one.
 */
export const nameSymbols: Fix = {
  rules: [symbolNotNamed],
  summary: (count) => `${counted(count, "mangled symbol")} described for linkers`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const sites = new Map([...misnamedFunctions(state)].map((site) => [site.funcId, site]));
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const site = sites.get(typeId);
      if (site === undefined || site.func.linkage !== LINKAGE_STATIC) return undefined;
      const { func, symbolName } = site;
      builder.add({ kind: "func", nameOff: builder.string(symbolName), type: func.type, linkage: LINKAGE_GLOBAL });
      return "added a FUNC of that name";
    });
    return { state: { ...state, btf: builder.finish() }, done };
  },
};
