import { TAG } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import { type ElfView, SHF_EXECINSTR, SHN_UNDEF, STB_LOCAL, STT_FUNC } from "../elf/model.ts";
import { typeOf } from "./names.ts";

export const KSYMS = ".ksyms";
export const KCONFIG = ".kconfig";

/** Names of which libbpf knows the value, from the kernel's configuration or by itself. */
const KCONFIG_NAME = /^(CONFIG|LINUX)_/;

/** Longest chain of typedefs and qualifiers that is looked through. */
const MAX_CHAIN = 16;
const TRANSPARENT: ReadonlySet<number> = new Set([TAG.typedef, TAG.constType, TAG.volatileType]);

/** Something that is defined elsewhere; `row` is its declaration, if DWARF has one. */
export interface Extern {
  readonly kind: "var" | "func";
  readonly name: string;
  readonly row: DieRow | undefined;
}

/** The section that an extern probably asks for; undefined if none. */
export type ExternSection = (extern: Extern) => string | undefined;

/**
 * The sections of externs where no witness tells: an undefined symbol has no section, and DWARF keeps nothing of the attribute. libbpf
 * leaves little choice (bpf_object__collect_externs, bpf_object__resolve_externs): an object opens only if each extern is in `.kconfig` or
 * `.ksyms`, functions are refused in the former, and of variables it takes only `CONFIG_…` and `LINUX_…` there. So
 *
 * - a variable of such a name is in `.kconfig`;
 * - a variable of type void is in `.ksyms`: nothing else has an address and no size;
 * - any other extern is in `.ksyms` if the object has programs (functions outside `.text`), which a loader is to open as it is.
 *
 * This errs on an object with programs that is still to be linked with the one that defines the symbol (`bpftool gen object`), and on sections
 * that no loader knows. An object of functions in `.text` alone is a part of another, and gets no guess.
 */
export function externSection(dwarf: Dwarf, elf: ElfView): ExternSection {
  const loaded = hasPrograms(elf);
  return ({ kind, name, row }) => {
    if (kind === "var" && KCONFIG_NAME.test(name)) return KCONFIG;
    if (kind === "var" && row !== undefined && isVoid(dwarf, row)) return KSYMS;
    return loaded ? KSYMS : undefined;
  };
}

function isVoid(dwarf: Dwarf, row: DieRow): boolean {
  let at = typeOf(dwarf, row);
  for (let step = 0; at !== undefined && TRANSPARENT.has(dwarf.tag(at)) && step < MAX_CHAIN; step++)
    at = typeOf(dwarf, at);
  return at === undefined;
}

function hasPrograms(elf: ElfView): boolean {
  return elf.symbols.some(({ type, binding, section: index }) => {
    if (type !== STT_FUNC || binding === STB_LOCAL || index === SHN_UNDEF) return false;
    const section = elf.sections[index];
    return section !== undefined && (section.flags & SHF_EXECINSTR) !== 0 && section.name !== ".text";
  });
}
