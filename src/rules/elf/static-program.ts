import { SHF_EXECINSTR, STB_LOCAL, STT_FUNC } from "../../elf/model.ts";
import { cannotOpen, EOPNOTSUPP } from "../answers.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Section of functions that are called, not attached. */
const SUBPROGRAMS = ".text";

/**
 * What compilers keep out of `.text`: `#[cold]` functions, and rustc's own panicking code, which checks of overflow and bounds call. To join the
 * sections would change instructions: a call of a local function carries its place in its section, as cilium/ebpf wants it.
 */
const COLD = "build without #[cold] functions, with overflow-checks = false and opt-level = 3";

export const staticProgram: Rule = {
  id: "elf/static-program",
  title: "Functions outside `.text` are programs, and programs are global.",
  covers: ["F2"],
  source: "libbpf bpf_object__add_programs",
  fixable: false,
  *check({ elf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    for (const symbol of elf.symbols) {
      const section = elf.sections[symbol.section];
      if (symbol.type !== STT_FUNC || symbol.binding !== STB_LOCAL || section === undefined) continue;
      if ((section.flags & SHF_EXECINSTR) === 0 || section.name === SUBPROGRAMS) continue;
      yield {
        rule: staticProgram.id,
        severity: "error",
        message: `function ${symbol.name} is local to the object, but lies in ${section.name}, where only programs may`,
        target: { symbol: symbol.index },
        answers: [
          cannotOpen(`sec '${section.name}': program '${symbol.name}' is static and not supported`, EOPNOTSUPP),
        ],
        help: section.name.startsWith(".text.") ? COLD : "export it",
      };
    }
  },
};
