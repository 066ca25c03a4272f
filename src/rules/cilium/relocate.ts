import {
  type ElfSymbol,
  STB_GLOBAL,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
  STT_SECTION,
} from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import type { Collected, ReadSection } from "./collect.ts";
import { DOUBLE, type Instruction, isCall } from "./insn.ts";
import { ciliumRule, refuse } from "./rule.ts";
import type { Type } from "./types.ts";

const source = "elfCode.relocateInstruction";
const staticMap = ciliumRule(
  "CR-01",
  "A map that code refers to is not static.",
  source,
  'possible erroneous static qualifier on map definition: found reference to "V"',
);
const mapBinding = ciliumRule(
  "CR-02",
  "A map that code refers to is global, not weak.",
  source,
  'map "V": unsupported binding: B',
);
const mapKind = ciliumRule(
  "CR-03",
  "The symbol of a map that code refers to is that of an object.",
  source,
  "map load: incorrect relocation type T",
);
const dataBinding = ciliumRule(
  "CR-04",
  "The symbol of data that code refers to is bound as its type demands.",
  source,
  "direct load: V: unsupported binding: B",
);
const dataKind = ciliumRule(
  "CR-05",
  "The symbol of data that code refers to is that of an object or of the section.",
  source,
  "incorrect relocation type T for direct map load",
);
const callSource = ciliumRule(
  "CR-06",
  "A call with a relocation to code is marked as one of a function.",
  source,
  "call: V: incorrect source register",
);
const codeBinding = ciliumRule(
  "CR-07",
  "The symbol of a function that code refers to is bound as its type demands.",
  source,
  ["call: V: unsupported binding: B", "load: V: unsupported binding: B"],
);
const codeKind = ciliumRule(
  "CR-08",
  "The symbol of a function that code refers to is that of a function or of the section.",
  source,
  ["call: V: invalid symbol type T", "load: V: invalid symbol type T"],
);
const codeThere = ciliumRule("CR-09", "Where a reference to code leads, a function begins.", source, [
  "call: no symbol at offset N",
  "load: no symbol at offset N",
]);
const codeInstruction = ciliumRule(
  "CR-10",
  "What refers to code is a call or a load.",
  source,
  "neither a call nor a load instruction: …",
);
const externBinding = ciliumRule(
  "CR-11",
  "A symbol without section that code refers to is global or weak.",
  source,
  "asm relocation: V: unsupported binding: B",
);
const externKind = ciliumRule(
  "CR-12",
  "A symbol without section that code refers to has no type.",
  source,
  "asm relocation: V: unsupported type T",
);
const kconfigBinding = ciliumRule(
  "CR-13",
  "A setting of .kconfig that code loads is not weak.",
  source,
  "asm relocation: V: unsupported binding: STB_WEAK",
);
const kconfigThere = ciliumRule(
  "CR-14",
  "What code loads without a section is in .kconfig, if there is one, or in .ksyms.",
  source,
  "kconfig V not found in .kconfig",
);
const supported = ciliumRule(
  "CR-15",
  "Code does not refer to .struct_ops.link.",
  source,
  'relocation to ".struct_ops.link": not supported',
);

export const relocateRules: readonly LoaderRule[] = [
  staticMap,
  mapBinding,
  mapKind,
  dataBinding,
  dataKind,
  callSource,
  codeBinding,
  codeKind,
  codeThere,
  codeInstruction,
  externBinding,
  externKind,
  kconfigBinding,
  kconfigThere,
  supported,
];

/** What stands in `.ksyms` and `.kconfig`. */
export interface Externs {
  readonly ksyms: ReadonlySet<string>;
  readonly kconfig: Type | undefined;
}

const BINDINGS = ["STB_LOCAL", "STB_GLOBAL", "STB_WEAK"];
const TYPES = ["STT_NOTYPE", "STT_OBJECT", "STT_FUNC", "STT_SECTION", "STT_FILE", "STT_COMMON", "STT_TLS"];
const PSEUDO_CALL = 1;

function bindingName({ binding }: ElfSymbol): string {
  return BINDINGS[binding] ?? "…";
}

function typeName({ type }: ElfSymbol): string {
  return TYPES[type] ?? "…";
}

function need(symbol: ElfSymbol, allowed: readonly number[], rule: LoaderRule, prefix: string): void {
  if (allowed.includes(symbol.binding)) return;
  refuse(rule, `${prefix}: unsupported binding: ${bindingName(symbol)}`);
}

/** Applies one relocation to an instruction. Errors: CR-01 to CR-15. */
export function relocate({ sections }: Collected, insn: Instruction, symbol: ElfSymbol, externs: Externs): void {
  const target = sections.get(symbol.section);
  switch (target?.kind) {
    case "maps":
    case "btfMaps":
      toMap(symbol);
      break;
    case "data":
      toData(symbol);
      break;
    case "program":
      toCode(insn, symbol, target);
      break;
    case "undefined":
      toExtern(insn, symbol, externs);
      break;
    case "structOps":
      refuse(supported);
  }
}

function toMap(symbol: ElfSymbol): void {
  const { name, type, binding } = symbol;
  if (binding === STB_LOCAL) {
    refuse(staticMap, `possible erroneous static qualifier on map definition: found reference to "${name}"`, {
      map: name,
    });
  }
  need(symbol, [STB_GLOBAL], mapBinding, `map "${name}"`);
  if (type !== STT_OBJECT && type !== STT_NOTYPE) {
    refuse(mapKind, `map load: incorrect relocation type ${typeName(symbol)}`, { map: name });
  }
}

function toData(symbol: ElfSymbol): void {
  const prefix = `direct load: ${symbol.name}`;
  if (symbol.type === STT_SECTION || symbol.type === STT_NOTYPE) need(symbol, [STB_LOCAL], dataBinding, prefix);
  else if (symbol.type === STT_OBJECT) need(symbol, [STB_GLOBAL, STB_LOCAL, STB_WEAK], dataBinding, prefix);
  else refuse(dataKind, `incorrect relocation type ${typeName(symbol)} for direct map load`);
}

function toCode(insn: Instruction, symbol: ElfSymbol, { symbols }: ReadSection): void {
  const { name, type } = symbol;
  if (isCall(insn)) {
    if (insn.source !== PSEUDO_CALL) refuse(callSource, `call: ${name}: incorrect source register`);
    const prefix = `call: ${name}`;
    if (type === STT_NOTYPE || type === STT_FUNC) need(symbol, [STB_GLOBAL, STB_WEAK], codeBinding, prefix);
    else if (type !== STT_SECTION) refuse(codeKind, `${prefix}: invalid symbol type ${typeName(symbol)}`);
    else {
      need(symbol, [STB_LOCAL], codeBinding, prefix);
      const offset = BigInt.asIntN(32, insn.constant + 1n) * 8n;
      if (!symbols.has(Number(offset))) refuse(codeThere, `call: no symbol at offset ${offset}`);
    }
  } else if (insn.opcode === DOUBLE) {
    const prefix = `load: ${name}`;
    if (type === STT_FUNC) need(symbol, [STB_GLOBAL], codeBinding, prefix);
    else if (type === STT_SECTION) need(symbol, [STB_LOCAL], codeBinding, prefix);
    else refuse(codeKind, `${prefix}: invalid symbol type ${typeName(symbol)}`);
    if (!symbols.has(Number(insn.constant))) refuse(codeThere, `load: no symbol at offset ${insn.constant}`);
  } else refuse(codeInstruction);
}

function toExtern(insn: Instruction, symbol: ElfSymbol, { ksyms, kconfig }: Externs): void {
  const { name, type, binding } = symbol;
  need(symbol, [STB_GLOBAL, STB_WEAK], externBinding, `asm relocation: ${name}`);
  if (type !== STT_NOTYPE) refuse(externKind, `asm relocation: ${name}: unsupported type ${typeName(symbol)}`);
  if (insn.opcode !== DOUBLE || ksyms.has(name) || kconfig === undefined) return;
  if (binding !== STB_GLOBAL) refuse(kconfigBinding, `asm relocation: ${name}: unsupported binding: STB_WEAK`);
  if (!kconfig.parts.some(({ type }) => type.name === name)) {
    refuse(kconfigThere, `kconfig ${name} not found in .kconfig`);
  }
}
