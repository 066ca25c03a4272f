import { sizeOf } from "../btf/walk.ts";
import { AT, TAG } from "../dwarf/constants.ts";
import type { ElfSymbol } from "../elf/model.ts";
import { linkageNameOf } from "../lower/functions.ts";
import { textName, typeOf } from "../lower/names.ts";
import type { ExternUse } from "../rules/elf/extern-uses.ts";
import type { ObjectState } from "../rules/state.ts";
import type { Grafter } from "./graft.ts";
import type { KernelCopier } from "./vmlinux.ts";

/** Names of which libbpf knows the value, from the kernel's configuration or by itself. */
const CONFIG_NAME = /^(CONFIG|LINUX)_/;

/** INT encodings of include/uapi/linux/btf.h. */
const [PLAIN, BOOL] = [0, 4] as const;

/** What libbpf knows by itself (bpf_object__resolve_externs), with the types that its users give them. */
const VIRTUAL: ReadonlyMap<string, readonly [name: string, size: number, encoding: number]> = new Map([
  ["LINUX_KERNEL_VERSION", ["unsigned int", 4, PLAIN]],
  ["LINUX_HAS_BPF_COOKIE", ["bool", 1, BOOL]],
  ["LINUX_HAS_SYSCALL_WRAPPER", ["bool", 1, BOOL]],
]);

/** An integer of the configuration, by its bytes; of one byte it might be a bool, a tristate or a character. */
const BY_WIDTH: ReadonlyMap<number, string> = new Map([
  [2, "unsigned short"],
  [4, "unsigned int"],
  [8, "unsigned long long"],
]);

/** Type, bytes, and how that is told. */
export interface ConfigType {
  readonly type: number;
  readonly size: number;
  readonly told: string;
}

/** The type of the declaration in the debug info, if there is one and it has a size; rustc writes none. */
function declared({ join }: ObjectState, grafter: Grafter | undefined, name: string): ConfigType | undefined {
  if (join === undefined || grafter === undefined) return undefined;
  const { dwarf } = join.lowered;
  for (let row = 0; row < dwarf.count; row++) {
    if (dwarf.tag(row) !== TAG.variable || !dwarf.flag(row, AT.declaration)) continue;
    if ((linkageNameOf(dwarf, row) ?? textName(dwarf, row)) !== name) continue;
    const lowered = join.lowered.typeId(typeOf(dwarf, row));
    const size = sizeOf(join.lowered.btf(), lowered);
    if (size === undefined) continue;
    return { type: grafter.graft(lowered), size, told: "described it in .kconfig as the debug info declares it" };
  }
  return undefined;
}

/**
 * The type of an extern of `.kconfig`, or why it is not known; undefined for an extern of another section. The type decides how libbpf
 * reads the kernel's configuration (set_kcfg_value_tri, set_kcfg_value_num), so it is never guessed: where nothing declares it, the code
 * tells the width of a number, but not what one byte means.
 */
export function configType(
  state: ObjectState,
  makers: { readonly copier: KernelCopier; readonly grafter: Grafter | undefined },
  { name }: ElfSymbol,
  use: ExternUse | undefined,
): ConfigType | string | undefined {
  if (!CONFIG_NAME.test(name) || use?.called === true) return undefined;
  const { copier, grafter } = makers;
  const known = VIRTUAL.get(name);
  if (known !== undefined) {
    const [type, size, encoding] = known;
    return { type: copier.int(type, size, encoding), size, told: `described it as ${type} in .kconfig` };
  }
  const own = declared(state, grafter, name);
  if (own !== undefined) return own;
  const widths = [...(use?.widths ?? [])];
  const [width = 0] = widths;
  const type = BY_WIDTH.get(width);
  if (type === undefined || widths.length !== 1) {
    return "no debug info gives its type, and the code does not show whether it is a bool, a tristate, a character or a text";
  }
  return {
    type: copier.int(type, width, PLAIN),
    size: width,
    told: `described it as ${type} in .kconfig, for it is read so`,
  };
}
