import { LINKAGE_EXTERN, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import type { ElfView } from "../../elf/model.ts";
import { definedSymbols, sectionNamed } from "../../elf/symbols.ts";
import { cannotOpen, ENOENT, kernelDrops } from "../answers.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";
import { placedDatasecs } from "./entries.ts";

/** An entry that stands in the DATASEC of a section where its variable is not. */
export interface Misplaced {
  readonly typeId: number;
  readonly member: number;
  /** The VAR. */
  readonly variableId: number;
  /** The DATASEC that lists the variable, and the section in which its symbol lies. */
  readonly listed: string;
  readonly section: string;
}

/** Section of every symbol whose name is defined in one section only. */
function sectionsOfSymbols(elf: ElfView): ReadonlyMap<string, string | undefined> {
  const sections = new Map<string, string | undefined>();
  for (const { index, name } of elf.sections) {
    for (const symbol of definedSymbols(elf, index)) {
      const isElsewhere = sections.has(symbol.name) && sections.get(symbol.name) !== name;
      sections.set(symbol.name, isElsewhere ? undefined : name);
    }
  }
  return sections;
}

/** Every entry of a DATASEC whose variable the symbol table has in a section of another name. */
export function misplacedEntries({ btf, elf }: ObjectState): readonly Misplaced[] {
  if (elf === undefined) return [];
  const sections = sectionsOfSymbols(elf);
  const found: Misplaced[] = [];
  for (const [typeId, datasec, listed] of placedDatasecs(btf)) {
    for (const [member, entry] of datasec.entries.entries()) {
      const variable = typeById(btf, entry.type);
      if (variable?.kind !== "var" || variable.linkage === LINKAGE_EXTERN) continue;
      const section = sections.get(nameText(btf, variable.nameOff));
      if (section !== undefined && section !== listed)
        found.push({ typeId, member, variableId: entry.type, listed, section });
    }
  }
  return found;
}

export const wrongSection: Rule = {
  id: "datasec/wrong-section",
  title: "A DATASEC lists the variables of its section: LLVM up to 15 guesses the section from the initial value.",
  covers: ["V1"],
  source: "llvm 15 BTFDebug::processGlobals; libbpf btf_fixup_datasec, find_elf_sec_sz",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const { btf, elf, join } = state;
    for (const { typeId, member, variableId, listed, section } of misplacedEntries(state)) {
      yield {
        rule: wrongSection.id,
        severity: "error",
        message: `${label(btf, variableId)} is listed in ${listed} and lies in ${section}`,
        target: { typeId, member },
        ...placeOf(join, variableId),
        answers:
          elf !== undefined && sectionNamed(elf, listed) === undefined
            ? [cannotOpen("Error finalizing .BTF: -2.", ENOENT)]
            : kernelDrops("Invalid offset"),
      };
    }
  },
};
