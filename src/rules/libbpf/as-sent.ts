import { BtfBuilder } from "../../btf/builder.ts";
import {
  type Btf,
  type BtfDatasec,
  type BtfSecInfo,
  LINKAGE_EXTERN,
  LINKAGE_GLOBAL,
  LINKAGE_STATIC,
} from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { type ElfSymbol, type ElfView, STB_LOCAL, STT_FUNC, STT_OBJECT } from "../../elf/model.ts";
import { sectionNamed } from "../../elf/symbols.ts";
import type { KernelProfile } from "../kernel/profile.ts";
import { withExternsAllocated } from "./externs.ts";
import { type LibbpfVersion, sanitised } from "./sanitise.ts";

/** STV_INTERNAL, STV_HIDDEN: symbols that no other object may see. */
const RESTRICTED: readonly number[] = [1, 2];

/** libbpf lays these out itself, before. */
const LAID_OUT: readonly string[] = [".kconfig", ".ksyms"];

/** The first public variable of each name (`find_elf_var_sym`). */
function variableSymbols(elf: ElfView): ReadonlyMap<string, ElfSymbol> {
  const found = new Map<string, ElfSymbol>();
  for (const symbol of elf.symbols) {
    if (symbol.type === STT_OBJECT && symbol.binding !== STB_LOCAL && !found.has(symbol.name)) {
      found.set(symbol.name, symbol);
    }
  }
  return found;
}

/** The DATASEC with the size and offsets that it lacked, in order (`btf_fixup_datasec`); undefined where libbpf gives up. */
function laidOut(
  builder: BtfBuilder,
  btf: Btf,
  elf: ElfView,
  symbols: ReadonlyMap<string, ElfSymbol>,
  datasec: BtfDatasec,
): BtfDatasec | undefined {
  const name = nameText(btf, datasec.nameOff);
  const sorted = (entries: readonly BtfSecInfo[]): BtfSecInfo[] => [...entries].sort((a, b) => a.offset - b.offset);
  if (LAID_OUT.includes(name)) return { ...datasec, entries: sorted(datasec.entries) };
  const size = datasec.size === 0 ? (sectionNamed(elf, name)?.size ?? 0) : datasec.size;
  if (size === 0) return undefined;
  const entries: BtfSecInfo[] = [];
  for (const entry of datasec.entries) {
    const variable = builder.get(entry.type);
    if (variable?.kind !== "var") return undefined;
    if (variable.linkage === LINKAGE_STATIC || variable.linkage === LINKAGE_EXTERN) {
      entries.push(entry);
      continue;
    }
    const symbol = symbols.get(nameText(btf, variable.nameOff));
    if (symbol === undefined) return undefined;
    entries.push(datasec.size === 0 ? { ...entry, offset: symbol.value } : entry);
    if (RESTRICTED.includes(symbol.visibility)) builder.replace(entry.type, { ...variable, linkage: LINKAGE_STATIC });
  }
  return { ...datasec, size, entries: sorted(entries) };
}

/** Functions of `.text` that no other object may see become static, so that they are verified where they are called. */
function hideFunctions(builder: BtfBuilder, btf: Btf, elf: ElfView): void {
  const text = sectionNamed(elf, ".text")?.index;
  for (const { name, type, section, binding, visibility } of elf.symbols) {
    const isHidden = type === STT_FUNC && section === text && binding !== STB_LOCAL && RESTRICTED.includes(visibility);
    if (!isHidden) continue;
    for (const [id, func] of typesOfKind(btf, "func")) {
      if (func.linkage !== LINKAGE_GLOBAL || nameText(btf, func.nameOff) !== name) continue;
      builder.replace(id, { ...func, linkage: LINKAGE_STATIC });
      break;
    }
  }
}

/**
 * The BTF that libbpf gives to a kernel that knows all its kinds: externs allocated, sections laid out, hidden functions static (libbpf
 * `bpf_object__collect_externs`, `bpf_object_fixup_btf`, `bpf_object__sanitize_and_load_btf`). Undefined where libbpf refuses the object before.
 */
export function fixedUp(btf: Btf, elf: ElfView): Btf | undefined {
  const allocated = withExternsAllocated(btf, elf);
  if (allocated === undefined) return undefined;
  const builder = new BtfBuilder(allocated);
  const symbols = variableSymbols(elf);
  for (const [id, datasec] of typesOfKind(allocated, "datasec")) {
    const fixed = laidOut(builder, allocated, elf, symbols, datasec);
    if (fixed === undefined) return undefined;
    builder.replace(id, fixed);
  }
  hideFunctions(builder, allocated, elf);
  return builder.finish();
}

/** The BTF that libbpf gives to a kernel of the profile. Undefined where it refuses the object before. */
export function btfAsSent(
  btf: Btf,
  elf: ElfView,
  kernel: KernelProfile,
  version: LibbpfVersion = "1.7",
): Btf | undefined {
  const fixed = fixedUp(btf, elf);
  return fixed && sanitised(fixed, kernel, version);
}
