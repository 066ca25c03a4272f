import { type Section, SHF_ALLOC, SHF_WRITE } from "../../elf/model.ts";
import { sectionsNamed } from "../../elf/symbols.ts";
import { MAPS_SECTION } from "../../maps/sites.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { LICENSE_SECTION } from "./license.ts";

/** Flags of both sections in an object of clang's: what they hold is no constant in C. */
export const C_FLAGS: number = SHF_WRITE | SHF_ALLOC;

function differs({ flags }: Section): boolean {
  return flags === SHF_ALLOC;
}

export const flagsNotC: Rule = {
  id: "elf/flags-not-c",
  title: "Under `--c-types` sections `.maps` and `license` have the flags that they have in C.",
  covers: ["V2"],
  source: "libbpf linker.c secs_match",
  fixable: true,
  *check({ elf, choices }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined || !choices.cTypes) return;
    for (const name of [MAPS_SECTION, LICENSE_SECTION]) {
      for (const section of sectionsNamed(elf, name).filter(differs)) {
        yield {
          rule: flagsNotC.id,
          severity: "note",
          message: `section ${name} is read-only, that of C objects is not`,
          target: { section: section.index },
          answers: [
            { judge: "bpftool", answer: "rejects", how: `\`gen object\` with a C object: sec ${name} flags mismatch` },
          ],
        };
      }
    }
  },
};
