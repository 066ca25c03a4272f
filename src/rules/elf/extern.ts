import { type BtfFunc, type BtfVar, LINKAGE_EXTERN } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { type ElfSymbol, type ElfView, SHN_UNDEF, STB_LOCAL, STT_NOTYPE } from "../../elf/model.ts";
import { sectionsNamed } from "../../elf/symbols.ts";
import { cannotOpen, ENOENT } from "../answers.ts";
import { label } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** Undefined symbols that libbpf takes for externs (`sym_is_extern`). */
export function externSymbols(elf: ElfView): readonly ElfSymbol[] {
  return elf.symbols.filter(
    ({ name, section, binding, type }) =>
      section === SHN_UNDEF && binding !== STB_LOCAL && type === STT_NOTYPE && name !== "",
  );
}

/** Names of the externs. */
export function externs(elf: ElfView): readonly string[] {
  return externSymbols(elf).map(({ name }) => name);
}

/** What BTF says of externs. */
export interface DescribedExterns {
  /** Names of all VARs and FUNCs: libbpf looks no further than the name. */
  readonly names: ReadonlySet<string>;
  /** Extern VARs and FUNCs that no DATASEC lists, by name. */
  readonly homeless: ReadonlyMap<string, readonly [id: number, type: BtfVar | BtfFunc]>;
}

export function describedExterns({ btf }: Pick<ObjectState, "btf">): DescribedExterns {
  const listed = new Set(
    btf.types.flatMap((type) => (type.kind === "datasec" ? type.entries : [])).map(({ type }) => type),
  );
  const names = new Set<string>();
  const homeless = new Map<string, readonly [number, BtfVar | BtfFunc]>();
  for (const [id, type] of typesOfKind(btf, "var", "func")) {
    const name = nameText(btf, type.nameOff);
    names.add(name);
    if (type.linkage === LINKAGE_EXTERN && !listed.has(id)) homeless.set(name, [id, type]);
  }
  return { names, homeless };
}

/** Externs for which there are neither names to look up nor BTF to look them up in are no findings: an object without BTF is one itself. */
function withBtf({ elf }: ObjectState): ElfView | undefined {
  return elf !== undefined && sectionsNamed(elf, ".BTF").length > 0 && externs(elf).length > 0 ? elf : undefined;
}

export const externWithoutBtf: Rule = {
  id: "elf/extern-without-btf",
  title: "Every extern has a VAR or FUNC of its name; rustc describes none.",
  covers: ["F5"],
  source: "libbpf bpf_object__collect_externs",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    const elf = withBtf(state);
    if (elf === undefined) return;
    const { names } = describedExterns(state);
    for (const { name, index } of externSymbols(elf)) {
      if (names.has(name)) continue;
      yield {
        rule: externWithoutBtf.id,
        severity: "error",
        message: `extern ${name} is not described by BTF`,
        target: { symbol: index },
        answers: [cannotOpen(`failed to find BTF for extern '${name}'`, ENOENT)],
        help: "give btf-fix the kernel's BTF that it is of: `--vmlinux FILE`",
      };
    }
  },
};

export const externWithoutSection: Rule = {
  id: "elf/extern-without-section",
  title: "A DATASEC lists the VAR or FUNC of every extern: it says `.ksyms` or `.kconfig`, which DWARF does not.",
  covers: [],
  source: "libbpf bpf_object__collect_externs, find_extern_sec_btf_id",
  fixable: false,
  *check(state: ObjectState): Generator<Diagnostic> {
    const elf = withBtf(state);
    if (elf === undefined) return;
    const { homeless } = describedExterns(state);
    for (const name of externs(elf)) {
      const [typeId] = homeless.get(name) ?? [];
      if (typeId === undefined) continue;
      yield {
        rule: externWithoutSection.id,
        severity: "error",
        message: `${label(state.btf, typeId)} is an extern of no section`,
        target: { typeId },
        answers: [cannotOpen(`failed to find BTF for extern '${name}' [${typeId}] section: -2`, ENOENT)],
        help: "compile it with BTF, which alone says whether it is of .ksyms or .kconfig, or link it with what defines it",
      };
    }
  },
};

/** Tells calls of the kernel's functions: an undefined function is one unless BTF says that another object is to define it. */
export function kernelFunctions(state: Pick<ObjectState, "btf">): (name: string) => boolean {
  const { homeless } = describedExterns(state);
  return (name) => !homeless.has(name);
}
