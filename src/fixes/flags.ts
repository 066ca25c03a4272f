import type { HeaderEdit } from "../elf/edit.ts";
import { C_FLAGS, flagsNotC } from "../rules/elf/flags.ts";
import type { Diagnostic } from "../rules/rule.ts";
import { type ElfFix, type ElfState, type ElfStep, NO_EDITS } from "./elf-fix.ts";
import { counted } from "./fix.ts";

/** Gives `.maps` and `license` the flags of C objects, with which bpftool links them; loaders do not look at these flags. */
export const writeFlags: ElfFix = {
  rules: [flagsNotC],
  summary: (count) => `${counted(count, "section")} given the flags of C`,
  apply({ btf, ext }: ElfState, findings: readonly Diagnostic[]): ElfStep {
    const headers = findings.flatMap(({ target }): HeaderEdit[] =>
      target.section === undefined ? [] : [{ section: target.section, flags: C_FLAGS }],
    );
    return { edits: { ...NO_EDITS, headers }, btf, ext, done: findings.map(() => "made it writable") };
  },
};
