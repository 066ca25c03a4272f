import { BtfBuilder } from "../../btf/builder.ts";
import {
  type Btf,
  type BtfDatasec,
  type BtfFunc,
  type BtfSecInfo,
  LINKAGE_EXTERN,
  LINKAGE_GLOBAL,
  LINKAGE_STATIC,
} from "../../btf/model.ts";
import { nameText, stringLength } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import {
  type ElfSymbol,
  type ElfView,
  STB_GLOBAL,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_OBJECT,
} from "../../elf/model.ts";
import { sectionNamed } from "../../elf/symbols.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import type { LoaderRule } from "../loader.ts";
import { withExternsAllocated } from "./externs.ts";
import { fallOnFunction } from "./follow.ts";
import { ENOENT, LibbpfRefusal, libbpfRule } from "./rule.ts";
import { type LibbpfVersion, sanitised } from "./sanitise.ts";

/** STV_INTERNAL, STV_HIDDEN: symbols that no other object may see. */
const RESTRICTED: readonly number[] = [1, 2];

const PUBLIC: readonly number[] = [STB_GLOBAL, STB_WEAK];

/** libbpf lays these out itself, before. */
const LAID_OUT: readonly string[] = [".kconfig", ".ksyms"];

/** What a DATASEC is laid out by. */
interface Symbols {
  readonly elf: ElfView;
  readonly symbols: ReadonlyMap<string, ElfSymbol>;
  readonly version: LibbpfVersion;
}

/** The first public variable of each name (`find_elf_var_sym`). */
function variableSymbols(elf: ElfView): ReadonlyMap<string, ElfSymbol> {
  const found = new Map<string, ElfSymbol>();
  for (const symbol of elf.symbols) {
    if (symbol.type === STT_OBJECT && PUBLIC.includes(symbol.binding) && !found.has(symbol.name)) {
      found.set(symbol.name, symbol);
    }
  }
  return found;
}

const source = "btf_fixup_datasec";
const sectionSize = libbpfRule(
  "LD-03",
  "A DATASEC without a size is one of a section with content.",
  source,
  "sec 'X': failed to determine size from ELF: size N, err E",
  { errno: ENOENT },
);
const variables = libbpfRule("LD-04", "A DATASEC lists variables.", source, "sec 'X': unexpected non-VAR type found");
const symbol = libbpfRule(
  "LD-06",
  "A global variable has a public symbol of its name.",
  source,
  "sec 'X': failed to find ELF symbol for VAR 'V'",
  { errno: ENOENT },
);

const datasecNamed = libbpfRule(
  "LD-01",
  "The name of a DATASEC lies within the strings.",
  source,
  "No name found in string section for DATASEC kind.",
  { errno: ENOENT, until: "1.1" },
);
const variableNamed = libbpfRule(
  "LD-10",
  "The name of a variable lies within the strings.",
  source,
  "sec 'X': failed to find name of DATASEC's member #N",
  { errno: ENOENT, until: "1.1" },
);

export const datasecRules: readonly LoaderRule[] = [datasecNamed, variableNamed, sectionSize, variables, symbol];

function sizeFromElf(elf: ElfView, name: string, version: LibbpfVersion): number {
  const section = sectionNamed(elf, name);
  if (section !== undefined && section.size > 0) return section.size;
  const errno = section === undefined ? ENOENT : 0;
  const said = version === "1.1" ? `${-errno}` : errno === 0 ? "0" : "-ENOENT";
  throw new LibbpfRefusal(sectionSize, `sec '${name}': failed to determine size from ELF: size 0, err ${said}`);
}

/** The DATASEC with the size and offsets that it lacked, in order (`btf_fixup_datasec`). */
function laidOut(builder: BtfBuilder, btf: Btf, { elf, symbols, version }: Symbols, datasec: BtfDatasec): BtfDatasec {
  const strings = stringLength(btf);
  if (datasec.nameOff >= strings) throw new LibbpfRefusal(datasecNamed);
  const name = nameText(btf, datasec.nameOff);
  const sorted = (entries: readonly BtfSecInfo[]): BtfSecInfo[] => [...entries].sort((a, b) => a.offset - b.offset);
  if (LAID_OUT.includes(name)) return { ...datasec, entries: sorted(datasec.entries) };
  const size = datasec.size === 0 ? sizeFromElf(elf, name, version) : datasec.size;
  const entries: BtfSecInfo[] = [];
  for (const [index, entry] of datasec.entries.entries()) {
    const variable = builder.get(entry.type);
    if (variable?.kind !== "var") {
      throw new LibbpfRefusal(variables, `sec '${name}': unexpected non-VAR type found`, { typeId: entry.type });
    }
    if (variable.linkage === LINKAGE_STATIC || variable.linkage === LINKAGE_EXTERN) {
      entries.push(entry);
      continue;
    }
    if (variable.nameOff >= strings) {
      throw new LibbpfRefusal(variableNamed, `sec '${name}': failed to find name of DATASEC's member #${index}`);
    }
    const own = nameText(btf, variable.nameOff);
    const found = symbols.get(own);
    if (found === undefined) {
      throw new LibbpfRefusal(symbol, `sec '${name}': failed to find ELF symbol for VAR '${own}'`, {
        typeId: entry.type,
      });
    }
    entries.push(datasec.size === 0 ? { ...entry, offset: found.value } : entry);
    if (RESTRICTED.includes(found.visibility)) builder.replace(entry.type, { ...variable, linkage: LINKAGE_STATIC });
  }
  return { ...datasec, size, entries: sorted(entries) };
}

/** The global functions of each name, the first last. */
function globalFunctions(btf: Btf): ReadonlyMap<string, number[]> {
  const found = new Map<string, number[]>();
  for (const [id, { linkage, nameOff }] of [...typesOfKind(btf, "func")].reverse()) {
    if (linkage !== LINKAGE_GLOBAL) continue;
    const name = nameText(btf, nameOff);
    const others = found.get(name);
    if (others === undefined) found.set(name, [id]);
    else others.push(id);
  }
  return found;
}

/** Symbols of the functions of `.text` that no other object may see. */
function hiddenFunctions(elf: ElfView): readonly ElfSymbol[] {
  const text = sectionNamed(elf, ".text")?.index;
  return elf.symbols.filter(
    ({ type, section, binding, visibility }) =>
      type === STT_FUNC && section === text && binding !== STB_LOCAL && RESTRICTED.includes(visibility),
  );
}

/**
 * Looks for the global FUNC of each hidden function, as 1.1 does when it loads an object, and compares the names of all before it. Errors: LC-07,
 * as a `LibbpfRefusal`.
 */
export function checkHiddenFunctions(btf: Btf, elf: ElfView): void {
  const strings = stringLength(btf);
  const isNameless = ({ linkage, nameOff }: BtfFunc): boolean => linkage === LINKAGE_GLOBAL && nameOff >= strings;
  const nameless = [...typesOfKind(btf, "func")].find(([, func]) => isNameless(func))?.[0];
  if (nameless === undefined) return;
  const functions = globalFunctions(btf);
  for (const { name } of hiddenFunctions(elf)) {
    if ((functions.get(name)?.pop() ?? Number.POSITIVE_INFINITY) > nameless) fallOnFunction(nameless);
  }
}

/** Hidden functions become static, so that they are verified where they are called. */
function withFunctionsHidden(open: Btf, btf: Btf, elf: ElfView): Btf {
  const hidden = hiddenFunctions(elf);
  if (hidden.length === 0) return open;
  const builder = new BtfBuilder(open);
  const functions = globalFunctions(btf);
  for (const { name } of hidden) {
    const id = functions.get(name)?.pop();
    const func = id === undefined ? undefined : builder.get(id);
    if (id !== undefined && func?.kind === "func") builder.replace(id, { ...func, linkage: LINKAGE_STATIC });
  }
  return builder.finish();
}

/** What was laid out last, by blob: versions differ in what they refuse alone, and what is opened is sent, too. */
const laid = new WeakMap<Btf, { readonly elf: ElfView; readonly btf: Btf }>();

/**
 * The BTF as libbpf has it once an object is open: externs allocated, sections laid out (libbpf `bpf_object__collect_externs`,
 * `bpf_object_fixup_btf`). Throws a `LibbpfRefusal`.
 */
export function opened(btf: Btf, elf: ElfView, version: LibbpfVersion): Btf {
  const last = laid.get(btf);
  if (last?.elf === elf) return last.btf;
  const allocated = withExternsAllocated(btf, elf);
  const builder = new BtfBuilder(allocated);
  const object = { elf, symbols: variableSymbols(elf), version };
  for (const [id, datasec] of typesOfKind(allocated, "datasec")) {
    builder.replace(id, laidOut(builder, allocated, object, datasec));
  }
  const result = builder.finish();
  laid.set(btf, { elf, btf: result });
  return result;
}

/**
 * The BTF that libbpf gives to a kernel that knows all its kinds: as `opened`, with hidden functions static (libbpf
 * `bpf_object__sanitize_and_load_btf`). Undefined where libbpf refuses the object before.
 */
export function fixedUp(btf: Btf, elf: ElfView, version: LibbpfVersion): Btf | undefined {
  try {
    return withFunctionsHidden(opened(btf, elf, version), btf, elf);
  } catch (refusal) {
    if (refusal instanceof LibbpfRefusal) return undefined;
    throw refusal;
  }
}

/** The BTF that libbpf gives to a kernel of the profile. Undefined where it refuses the object before. */
export function btfAsSent(btf: Btf, elf: ElfView, kernel: KernelProfile, version: LibbpfVersion): Btf | undefined {
  const fixed = fixedUp(btf, elf, version);
  return fixed && sanitised(fixed, kernel, version);
}
