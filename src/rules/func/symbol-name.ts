import { isPortableName } from "../../btf/escape.ts";
import { type Btf, LINKAGE_STATIC } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { type ElfView, SHF_EXECINSTR, STB_LOCAL } from "../../elf/model.ts";
import { relocationsOf } from "../../elf/relocations.ts";
import { rejects } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { type FunctionSite, functionSites } from "./sites.ts";

/** Symbols that code refers to by name. */
export function calledSymbols(elf: ElfView): ReadonlySet<number> {
  const code = elf.sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0);
  return new Set(code.flatMap(({ index }) => relocationsOf(elf, index).map(({ symbol }) => symbol)));
}

/** Names of FUNCs and VARs that bpftool's linker finds for a global symbol (`btf_is_non_static`). */
function linkable(btf: Btf): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, type] of typesOfKind(btf, "func", "var")) {
    if (type.linkage !== LINKAGE_STATIC) {
      names.add(nameText(btf, type.nameOff));
    }
  }
  return names;
}

/** Functions whose global symbol is mangled, while their FUNC has the short name: no linker finds one for the other. */
export function* misnamedFunctions(state: ObjectState): Generator<FunctionSite & { readonly symbolName: string }> {
  const { elf, btf } = state;
  if (elf === undefined) return;
  let known: ReadonlySet<string> | undefined;
  let called: ReadonlySet<number> | undefined;
  for (const site of functionSites(state)) {
    const { symbol, name, func } = site;
    if (symbol === undefined || symbol.binding === STB_LOCAL || symbol.name === name) continue;
    called ??= calledSymbols(elf);
    // The symbol of a static function becomes local where nobody calls it by name.
    if (func.linkage === LINKAGE_STATIC && !called.has(symbol.index)) continue;
    known ??= linkable(btf);
    if (known.has(symbol.name) || !isPortableName(new TextEncoder().encode(symbol.name))) continue;
    yield { ...site, symbolName: symbol.name };
  }
}

export const symbolNotNamed: Rule = {
  id: "func/symbol-not-named",
  title: "A global function has a FUNC of its symbol's name, too, where that is mangled.",
  covers: ["F4", "R15"],
  source: "libbpf linker find_glob_sym_btf",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const { funcId, func, symbolName } of misnamedFunctions(state)) {
      yield {
        rule: symbolNotNamed.id,
        // clang leaves it so for a function with an asm label.
        severity: func.linkage === LINKAGE_STATIC ? "warning" : "note",
        message: `${label(state.btf, funcId)} is called ${symbolName} by the symbol table, and no FUNC is`,
        target: { typeId: funcId },
        ...placeOf(state.join, funcId),
        answers: [
          rejects("bpftool", `failed to find BTF info for global/extern symbol '${symbolName}'`),
          { judge: "libbpf", answer: "accepts" },
        ],
        help: "export it under its own name: #[unsafe(no_mangle)]",
      };
    }
  },
};
