import { type ElfSymbol, SHF_EXECINSTR, STB_LOCAL, STT_FUNC } from "../../elf/model.ts";
import { rustSymbol } from "../../elf/rust-symbol.ts";
import { cannotLoad, rejects } from "../answers.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { codeOf } from "./code.ts";
import { reachedFunctions } from "./reached.ts";
import { type SignatureReader, signatureReader } from "./signature.ts";
import { functionSites, SUBPROGRAMS } from "./sites.ts";

/** A function as the source calls it, with its crate where the symbol tells: `mix of crate dep`. */
function described({ name }: ElfSymbol): { readonly text: string; readonly crate: string | undefined } {
  const source = rustSymbol(name);
  return source === undefined ? { text: name, crate: undefined } : { text: source.path, crate: source.crate };
}

/** The functions that are called, not attached, and that no func_info record starts: one symbol an address. */
export function* undescribedFunctions({ elf, btf, ext }: ObjectState): Generator<ElfSymbol> {
  if (elf === undefined || ext?.funcInfo === undefined) return;
  const known = new Set<string>();
  for (const { section, offset } of functionSites({ elf, btf, ext })) known.add(`${section}@${offset}`);
  for (const symbol of elf.symbols) {
    const section = elf.sections[symbol.section];
    if (symbol.type !== STT_FUNC || section === undefined || (section.flags & SHF_EXECINSTR) === 0) continue;
    // A local function elsewhere is no program either, though only aya calls it there.
    if (section.name !== SUBPROGRAMS && symbol.binding !== STB_LOCAL) continue;
    const place = `${section.name}@${symbol.value}`;
    if (known.has(place)) continue;
    known.add(place);
    yield symbol;
  }
}

/** Whether a program gets there; elsewhere than in `.text`, whether anything calls it. */
function isReachedAt({ elf }: ObjectState, { section, value }: ElfSymbol): boolean {
  if (elf === undefined) return false;
  if (elf.sections[section]?.name === SUBPROGRAMS) return reachedFunctions(elf).has(value);
  return codeOf(elf).references.some(({ to }) => to.section === section && to.offset === value);
}

export const functionWithoutInfo: Rule = {
  id: "func/without-debug-info",
  title: "Every function of `.text` has a func_info record if any function has.",
  covers: ["F3", "KB-06"],
  source: "libbpf adjust_prog_btf_ext_info; kernel/bpf/check_btf.c check_btf_func",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    let reader: SignatureReader | undefined;
    for (const symbol of undescribedFunctions(state)) {
      reader ??= signatureReader(state);
      const { text, crate } = described(symbol);
      const isReached = isReachedAt(state, symbol);
      const isKnown = reader?.signature({ section: symbol.section, offset: symbol.value }) !== undefined;
      const help = `build ${crate === undefined ? "its source" : `crate ${crate}`} with debug = 2`;
      yield {
        rule: functionWithoutInfo.id,
        severity: isReached ? "error" : "note",
        message: `function ${text} has no debug info, though others have`,
        target: { symbol: symbol.index },
        answers: isReached
          ? [
              cannotLoad(`prog '${symbol.name}': missing .BTF.ext function info.`, 2),
              rejects("cilium/ebpf", "number of funcs in func_info doesn't match number of subprogs", { at: "load" }),
              rejects("aya", `BTF function info for \`${symbol.name}\` does not match the program`, { at: "load" }),
            ]
          : [],
        help: isKnown ? help : `its code does not tell what it takes: ${help}`,
      };
    }
  },
};
