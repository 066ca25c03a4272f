import { type ElfView, type Section, SHT_RELA } from "../../elf/model.ts";
import { relocationSections } from "../../elf/relocations.ts";
import { sectionsNamed } from "../../elf/symbols.ts";
import { rejects } from "../answers.ts";
import type { Diagnostic, JudgeAnswer, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** LIBBPF_ERRNO__FORMAT of libbpf.h. */
const LIBBPF_FORMAT = 4001;

const WORDLESS: JudgeAnswer = {
  judge: "libbpf",
  answer: "rejects",
  how: "without a word",
  at: "open",
  errno: LIBBPF_FORMAT,
};

/** A relocation section that points astray, and where it should point. */
export interface DanglingSection {
  readonly section: Section;
  /** Index of the section whose name it carries; undefined if that is not certain. */
  readonly info: number | undefined;
}

function targetName({ name, type }: Section): string | undefined {
  const prefix = type === SHT_RELA ? ".rela" : ".rel";
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

/**
 * The section that a relocation section is named after. Among several of that name it is the one that no other relocates, since LLVM
 * gives each a relocation section of its own.
 */
function namesake(elf: ElfView, section: Section): number | undefined {
  const name = targetName(section);
  const candidates = name === undefined ? [] : sectionsNamed(elf, name);
  const taken = relocationSections(elf).map(({ info }) => info);
  const free = candidates.filter(({ index }) => !taken.includes(index));
  return free.length === 1 ? free[0]?.index : undefined;
}

/** Relocation sections whose `sh_info` names no section, or one of another name though theirs is there. */
export function danglingSections(elf: ElfView): readonly DanglingSection[] {
  return relocationSections(elf).flatMap((section) => {
    const target = elf.sections[section.info];
    const isNone = target === undefined || target.index === 0;
    if (!isNone && target.name === targetName(section)) return [];
    const info = namesake(elf, section);
    return isNone || info !== undefined ? [{ section, info }] : [];
  });
}

/** What libbpf leaves out by name (`ignore_elf_section`): loaders look at the relocations of code. */
const SKIPPED = /^\.(?:BTF(?:\.ext)?$|debug_)/;

function answers(elf: ElfView, { section }: DanglingSection): readonly JudgeAnswer[] {
  const isMissing = section.info >= elf.sections.length;
  const text = section.info === 0 || isMissing ? "points to missing section" : "name has invalid name";
  const linker = rejects("bpftool", `ELF relo section #${section.index} ${text}`);
  const isSkipped = SKIPPED.test(targetName(section) ?? "");
  return [
    ...(isSkipped || !isMissing ? [] : [WORDLESS]),
    ...(isMissing ? [rejects("aya", "error parsing ELF data", { at: "open" })] : []),
    linker,
  ];
}

export const danglingInfo: Rule = {
  id: "elf/dangling-info",
  title: "A relocation section points at the section whose name it carries.",
  covers: ["V11"],
  source:
    "libbpf linker_sanity_check_elf_relos, bpf_object__elf_collect; llvm-objcopy --update-section leaves garbage there",
  fixable: true,
  *check({ elf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    for (const dangling of danglingSections(elf)) {
      const { section } = dangling;
      const target = elf.sections[section.info];
      const where = target === undefined || target.index === 0 ? "which does not exist" : `which is ${target.name}`;
      yield {
        rule: danglingInfo.id,
        severity: "error",
        message: `${section.name} relocates section ${section.info}, ${where}`,
        target: { section: section.index },
        answers: answers(elf, dangling),
        help: "llvm-objcopy --update-section writes it so; GNU objcopy does not",
      };
    }
  },
};

/** Relocation sections that have entries and count in no symbol table. */
export function unlinkedSections(elf: ElfView): readonly Section[] {
  if (elf.symtab === undefined) return [];
  return relocationSections(elf).filter(({ link, size }) => link !== elf.symtab && size > 0);
}

export const danglingLink: Rule = {
  id: "elf/dangling-link",
  title: "A relocation section names the symbol table that it counts in.",
  covers: ["V11"],
  source: "libbpf linker_sanity_check_elf_relos",
  fixable: true,
  *check({ elf }: ObjectState): Generator<Diagnostic> {
    if (elf === undefined) return;
    for (const { index, name, link } of unlinkedSections(elf)) {
      yield {
        rule: danglingLink.id,
        severity: "error",
        message: `${name} counts in section ${link}, which is no symbol table`,
        target: { section: index },
        answers: [
          rejects("bpftool", `ELF relo section #${index} points to invalid SYMTAB section #${link}`),
          { judge: "aya", answer: "misreads", how: "it leaves the relocations out" },
        ],
      };
    }
  },
};
