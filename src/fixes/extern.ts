import { BtfBuilder } from "../btf/builder.ts";
import { type Btf, type BtfDatasec, LINKAGE_EXTERN, typeById, typesWithIds } from "../btf/model.ts";
import { nameText } from "../btf/names.ts";
import { type ElfSymbol, STB_WEAK } from "../elf/model.ts";
import { BtfFixError } from "../errors.ts";
import { DEFAULT_CHOICES } from "../rules/choices.ts";
import { externWithoutBtf } from "../rules/elf/extern.ts";
import { type ExternUse, externUses } from "../rules/elf/extern-uses.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { configType } from "./extern-config.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";
import { type Grafter, grafterOf } from "./graft.ts";
import { findSymbols, kernelCopier } from "./vmlinux.ts";

const KSYMS = ".ksyms";
const KCONFIG = ".kconfig";

/** An extern with what is known of it. */
interface Wanted {
  readonly symbol: ElfSymbol;
  readonly use: ExternUse | undefined;
}

/** What one extern becomes: a VAR or FUNC of a section, and how that is told. */
interface Description {
  readonly id: number;
  readonly section: typeof KSYMS | typeof KCONFIG;
  readonly size: number;
  readonly told: string;
}

/** Where an extern cannot be described, why not. */
type Described = Description | string;

/** Adds the entries to the DATASEC of that name, which is made where there is none; libbpf lays it out itself. */
function list(builder: BtfBuilder, own: Btf, section: string, described: readonly Description[]): void {
  if (described.length === 0) return;
  const entries = described.map(({ id, size }) => ({ type: id, offset: 0, size }));
  for (const [id, type] of typesWithIds(own)) {
    if (type.kind !== "datasec" || nameText(own, type.nameOff) !== section) continue;
    builder.replace(id, { ...type, entries: [...type.entries, ...entries] });
    return;
  }
  const datasec: BtfDatasec = { kind: "datasec", nameOff: builder.string(section), size: 0, entries };
  builder.add(datasec);
}

/** Describes externs by the kernel's BTF and by libbpf's rules for `.kconfig`. */
function describer(
  state: ObjectState,
  builder: BtfBuilder,
  grafter: Grafter | undefined,
  wanted: readonly Wanted[],
): (extern: Wanted) => Described {
  const kernel = state.choices.vmlinux();
  const known =
    kernel === undefined ? new Map() : findSymbols(kernel, new Set(wanted.map(({ symbol }) => symbol.name)));
  const copier = kernelCopier(state.btf, builder, kernel ?? state.btf);
  const variable = (name: string, type: number): number =>
    builder.add({ kind: "var", nameOff: builder.string(name), type, linkage: LINKAGE_EXTERN });
  const func = (name: string, type: number): number =>
    builder.add({ kind: "func", nameOff: builder.string(name), type, linkage: LINKAGE_EXTERN });

  const ofKernel = ({ symbol, use }: Wanted): Described => {
    const { name, binding } = symbol;
    if (kernel === undefined) return "there is no kernel BTF to look it up in";
    // libbpf makes each of them a variable of the first integer of 4 bytes that it finds.
    copier.int("int", 4, 1);
    const there = known.get(name);
    if (there?.kind === "func") {
      if (typeById(kernel, there.type)?.kind !== "funcProto") return "the kernel's BTF gives it no prototype";
      return {
        id: func(name, copier.copy(there.type)),
        section: KSYMS,
        size: 0,
        told: "described it as the kernel's function",
      };
    }
    if (use?.called === true) {
      if (binding !== STB_WEAK) return "the kernel's BTF has no such function, and those of modules are not looked up";
      const none = builder.add({ kind: "funcProto", nameOff: 0, returnType: 0, params: [] });
      return {
        id: func(name, none),
        section: KSYMS,
        size: 0,
        told: "described it as a function that this kernel lacks",
      };
    }
    if (there?.kind === "var") {
      const id = variable(name, copier.copy(there.type));
      return { id, section: KSYMS, size: 0, told: "described it as the kernel's variable" };
    }
    // libbpf looks a variable of type void up in /proc/kallsyms.
    return { id: variable(name, 0), section: KSYMS, size: 0, told: "described it as a kernel symbol without a type" };
  };
  return (extern) => {
    const { name } = extern.symbol;
    const config = configType(state, { copier, grafter }, extern.symbol, extern.use);
    if (config === undefined) return ofKernel(extern);
    if (typeof config === "string") return config;
    return { id: variable(name, config.type), section: KCONFIG, size: config.size, told: config.told };
  };
}

/**
 * Gives every extern that nothing describes a VAR or FUNC, and lists it in `.ksyms` or `.kconfig`. Errors: REFUSED for externs that the
 * kernel's types, where the user has any, do not tell either.
 */
export const describeExterns: Fix = {
  rules: [externWithoutBtf],
  summary: (count) => `${counted(count, "extern")} described`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const { elf, btf } = state;
    if (elf === undefined) return { state, done: findings.map(() => undefined) };
    const uses = externUses(elf);
    const wanted = findings.flatMap(({ target }): readonly Wanted[] => {
      const symbol = elf.symbols[target.symbol ?? 0];
      return symbol === undefined ? [] : [{ symbol, use: uses.get(symbol.index) }];
    });
    const builder = new BtfBuilder(btf);
    const grafter = grafterOf(state, builder);
    const describe = describer(state, builder, grafter, wanted);
    const described = new Map<string, Described>();
    // Two symbols of one name are one extern.
    for (const extern of wanted) {
      if (!described.has(extern.symbol.name)) described.set(extern.symbol.name, describe(extern));
    }
    const refused = [...described].flatMap(([name, what]) => (typeof what === "string" ? [`${name}: ${what}`] : []));
    // Who names no source, as programs that use the library, is left with the findings; the command line always has one to ask.
    if (refused.length > 0 && state.choices.vmlinux !== DEFAULT_CHOICES.vmlinux) {
      throw new BtfFixError(
        "REFUSED",
        `externs have no BTF and get none: ${refused.join("; ")} [${externWithoutBtf.id}]`,
      );
    }
    const all = [...described.values()].filter((what) => typeof what === "object");
    if (all.length === 0) return { state, done: findings.map(() => undefined) };
    for (const section of [KCONFIG, KSYMS] as const) {
      list(
        builder,
        btf,
        section,
        all.filter((what) => what.section === section),
      );
    }
    const done = findings.map(({ target }) => {
      const what = described.get(elf.symbols[target.symbol ?? 0]?.name ?? "");
      return typeof what === "object" ? what.told : undefined;
    });
    return { state: { ...state, btf: builder.finish(), grafts: grafter?.grafts() ?? state.grafts }, done };
  },
};
