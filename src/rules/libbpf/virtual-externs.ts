/** Externs of `.kconfig` that libbpf fills in by itself when an object is loaded (`bpf_object__resolve_externs`). */
import { type Btf, typeById } from "../../btf/model.ts";
import { skipModifiers } from "../../btf/walk.ts";
import { type ElfView, STB_WEAK } from "../../elf/model.ts";
import { externSymbols } from "../elf/extern.ts";
import type { LoaderRule } from "../loader.ts";
import { type ConfigExtern, configExterns } from "./externs.ts";
import { EINVAL, ERANGE, LibbpfRefusal, libbpfRule } from "./rule.ts";

const known = libbpfRule(
  "LF-10",
  "An extern of `.kconfig` is named `CONFIG_…`, or is one that libbpf knows, or is weak and named `LINUX_…`.",
  "bpf_object__resolve_externs",
  "extern (kcfg) 'X': unrecognized virtual extern",
  { stage: "load" },
);
const fits = libbpfRule(
  "LF-11",
  "What libbpf itself says of the kernel fits into its extern: a version into 4 bytes, the rest into a truth value.",
  "set_kcfg_value_num",
  [
    "extern (kcfg) 'X': value '…' implies integer, char, or boolean type",
    "extern (kcfg) 'X': value '…' isn't boolean compatible",
    "extern (kcfg) 'X': value '…' doesn't fit in N bytes",
  ],
  { stage: "load" },
);

export const virtualExternRules: readonly LoaderRule[] = [known, fits];

const VERSION = "LINUX_KERNEL_VERSION";
const FEATURES: ReadonlySet<string> = new Set(["LINUX_HAS_BPF_COOKIE", "LINUX_HAS_SYSCALL_WRAPPER"]);

/** BTF_INT_BOOL. */
const BOOL = 4;

/** Bytes that a kernel's version takes, of each that there is a profile of: the major one stands in the third. */
const VERSION_SIZE = 4;

function checkValue(btf: Btf, { name, id, size }: ConfigExtern): void {
  const variable = typeById(btf, id);
  const type = variable?.kind === "var" ? typeById(btf, skipModifiers(btf, variable.type)) : undefined;
  const says = `extern (kcfg) '${name}': value '…'`;
  if (type?.kind !== "int") throw new LibbpfRefusal(fits, `${says} implies integer, char, or boolean type`);
  if (name !== VERSION || size >= VERSION_SIZE) return;
  if ((type.encoding & BOOL) !== 0) throw new LibbpfRefusal(fits, `${says} isn't boolean compatible`);
  throw new LibbpfRefusal(fits, `${says} doesn't fit in ${size} bytes`, {}, ERANGE);
}

/** The first thing that libbpf does when it loads an object that it opened. Errors: LF-10, LF-11, as a `LibbpfRefusal`. */
export function checkVirtualExterns(btf: Btf, elf: ElfView): void {
  const weak = new Set(externSymbols(elf).flatMap(({ name, binding }) => (binding === STB_WEAK ? [name] : [])));
  for (const extern of configExterns(btf, elf)) {
    const { name } = extern;
    // Those come from the configuration of the kernel that runs, which nobody here has.
    if (name.startsWith("CONFIG_")) continue;
    if (name !== VERSION && !FEATURES.has(name) && !(name.startsWith("LINUX_") && weak.has(name))) {
      throw new LibbpfRefusal(known, `extern (kcfg) '${name}': unrecognized virtual extern`, {}, EINVAL);
    }
    checkValue(btf, extern);
  }
}
