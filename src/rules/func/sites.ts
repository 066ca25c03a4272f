import { type Btf, type BtfFunc, type BtfFuncProto, typeById } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { type ElfSymbol, type ElfView, SHF_EXECINSTR } from "../../elf/model.ts";
import { functionSymbolAt } from "../../elf/symbols.ts";
import type { ObjectState } from "../state.ts";

/** Section of functions that are called, not attached: libbpf takes every function elsewhere for a program. */
export const SUBPROGRAMS = ".text";

/** The parts of an object in which functions are described. */
export type Described = Pick<ObjectState, "elf" | "btf" | "ext">;

/** One func_info record with what it names in the file. */
export interface FunctionSite {
  readonly funcId: number;
  readonly func: BtfFunc;
  readonly name: string;
  readonly proto: BtfFuncProto | undefined;
  /** Section name as `.BTF.ext` gives it, and offset in bytes. */
  readonly section: string;
  readonly offset: number;
  readonly symbol: ElfSymbol | undefined;
  /** Called by programs rather than attached by itself. */
  readonly isSubprogram: boolean;
}

function codeSection(elf: ElfView | undefined, name: string): number | undefined {
  return elf?.sections.find((section) => section.name === name && (section.flags & SHF_EXECINSTR) !== 0)?.index;
}

/** The FUNC's prototype, if it is one. */
export function protoOf(btf: Btf, func: BtfFunc): BtfFuncProto | undefined {
  const proto = typeById(btf, func.type);
  return proto?.kind === "funcProto" ? proto : undefined;
}

function* readSites({ elf, btf, ext }: Described): Generator<FunctionSite> {
  for (const { secNameOff, records } of ext?.funcInfo?.sections ?? []) {
    const section = nameText(btf, secNameOff);
    const index = codeSection(elf, section);
    for (const { typeId, insnOff } of records) {
      const func = typeById(btf, typeId);
      if (func?.kind !== "func") continue;
      yield {
        funcId: typeId,
        func,
        name: nameText(btf, func.nameOff),
        proto: protoOf(btf, func),
        section,
        offset: insnOff,
        symbol: elf === undefined || index === undefined ? undefined : functionSymbolAt(elf, index, insnOff),
        isSubprogram: section === SUBPROGRAMS,
      };
    }
  }
}

/** The functions that one `.BTF` and `.BTF.ext` describe, for the rules and repairs that look at the same. */
const read = new WeakMap<Btf, Described & { readonly sites: readonly FunctionSite[] }>();

/** Every function that `.BTF.ext` describes, joined to its symbol by section and offset, never by name. */
export function functionSites({ elf, btf, ext }: Described): readonly FunctionSite[] {
  const known = read.get(btf);
  if (known !== undefined && known.elf === elf && known.ext === ext) return known.sites;
  const sites = [...readSites({ elf, btf, ext })];
  read.set(btf, { elf, btf, ext, sites });
  return sites;
}
