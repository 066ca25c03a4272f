import type { HeaderEdit } from "../elf/edit.ts";
import { danglingInfo, danglingLink, danglingSections } from "../rules/elf/dangling.ts";
import type { Diagnostic } from "../rules/rule.ts";
import { type ElfFix, type ElfState, type ElfStep, NO_EDITS } from "./elf-fix.ts";
import { counted } from "./fix.ts";

/** V11: relocation sections point at the section whose name they carry, and at the symbol table. */
export const pointRelocations: ElfFix = {
  rules: [danglingInfo, danglingLink],
  summary: (count) => `${counted(count, "relocation section")} pointed at what it relocates`,
  apply({ elf, btf, ext }: ElfState, findings: readonly Diagnostic[]): ElfStep {
    const infos = new Map(danglingSections(elf).map(({ section, info }) => [section.index, info]));
    const headers: HeaderEdit[] = [];
    const done = findings.map(({ rule, target: { section = 0 } }) => {
      if (rule === danglingLink.id && elf.symtab !== undefined) {
        headers.push({ section, link: elf.symtab });
        return "pointed it at the symbol table";
      }
      const info = infos.get(section);
      if (info === undefined) return undefined;
      headers.push({ section, info });
      return `pointed it at section ${info}, ${elf.sections[info]?.name}`;
    });
    return { edits: { ...NO_EDITS, headers }, btf, ext, done };
  },
};
