import { SHN_COMMON } from "../../elf/model.ts";
import { cannotOpen, rejects } from "../answers.ts";
import { calledSymbols } from "../func/symbol-name.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** LIBBPF_ERRNO__FORMAT of libbpf.h. */
const LIBBPF_FORMAT = 4001;

export const commonSymbol: Rule = {
  id: "elf/common-symbol",
  title: "Variables that code uses lie in a section; a linker that would place common ones there is not run.",
  covers: [],
  source: "libbpf bpf_program__record_reloc",
  fixable: false,
  *check({ elf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    let used: ReadonlySet<number> | undefined;
    for (const { index, name, section } of elf.symbols) {
      if (section !== SHN_COMMON) continue;
      used ??= calledSymbols(elf);
      if (!used.has(index)) continue;
      yield {
        rule: commonSymbol.id,
        severity: "error",
        message: `variable ${name} is a common symbol, which lies in no section`,
        target: { symbol: index },
        answers: [
          cannotOpen(`corrupted symbol #${index} pointing to invalid section #${SHN_COMMON}`, LIBBPF_FORMAT),
          rejects("cilium/ebpf", `reference to "${name}" in section SHN_COMMON: not supported`, { at: "open" }),
          rejects("bpftool", `failed to find BTF info for global/extern symbol '${name}'`),
        ],
        help: "compile with -fno-common, or initialise it",
      };
    }
  },
};
