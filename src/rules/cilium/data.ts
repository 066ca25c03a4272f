import { type ElfSymbol, SHT_NOBITS, SHT_PROGBITS, STB_GLOBAL, STB_WEAK } from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import type { Collected, ReadSection } from "./collect.ts";
import { content } from "./contents.ts";
import { MAP_TYPE, type MapSpec } from "./map-spec.ts";
import type { Maps } from "./maps.ts";
import { CiliumRefusal, ciliumRule, refuse, within } from "./rule.ts";
import { isNotFound, type Spec } from "./spec.ts";
import { goType, type Type, VOID_TYPE } from "./types.ts";

const source = "elfCode.loadDataSections";
const short = ciliumRule(
  "CD-08",
  "A data section is shorter than 4 GiB.",
  source,
  "data section S: contents exceed maximum size",
);
const kindKnown = ciliumRule(
  "CD-09",
  "A data section has contents or is filled with zeros.",
  source,
  "data section S: unknown section type T",
);
const nameOnce = ciliumRule(
  "CD-10",
  "The variables of an object have different names.",
  source,
  "data section S: duplicate variable V",
);
const inside = ciliumRule(
  "CD-11",
  "A variable ends with its section, or before.",
  source,
  "data section S: variable V exceeds section bounds",
);
const named = ciliumRule("CD-12", "What a DATASEC holds has a name.", source, "data section S: anonymous variable …");
const isVar = ciliumRule(
  "CD-13",
  "What a DATASEC holds is a VAR.",
  source,
  "data section S: unexpected type T for variable V",
);
const offsetEqual = ciliumRule(
  "CD-14",
  "The offset of a variable is the same in the DATASEC and of the symbol.",
  source,
  "data section S: variable V datasec offset (N) doesn't match ELF symbol offset (M)",
);
const sizeEqual = ciliumRule(
  "CD-15",
  "The size of a variable is the same in the DATASEC and of the symbol.",
  source,
  "data section S: variable V size in datasec (N) doesn't match ELF symbol size (M)",
);
const kconfigSize = ciliumRule(
  "CD-16",
  "The section .kconfig is not empty.",
  "elfCode.loadKconfigSection",
  "zero-length .kconfig",
);

export const dataRules: readonly LoaderRule[] = [
  short,
  kindKnown,
  nameOnce,
  inside,
  named,
  isVar,
  offsetEqual,
  sizeEqual,
  kconfigSize,
];

const MOST = 0xffff_ffff;
const READ_ONLY = 0x80;
const DEFAULT = 0;
const PROTECTED = 3;

/** A variable that a Go program may set. */
export interface Variable {
  readonly name: string;
  readonly section: string;
  readonly offset: number;
  readonly size: number;
}

export type Variables = Map<string, Variable>;

function isVisible({ visibility, binding }: ElfSymbol): boolean {
  return (visibility === DEFAULT || visibility === PROTECTED) && (binding === STB_GLOBAL || binding === STB_WEAK);
}

/** What a lookup finds; undefined where it fails, and the library takes any failure or just "not found" for that. */
function lookup(spec: Spec, name: string, swallowsAll: boolean): Type | undefined {
  try {
    return spec.named("Datasec", name);
  } catch (error) {
    if (error instanceof CiliumRefusal && (swallowsAll || isNotFound(error.rule))) return undefined;
    throw error;
  }
}

function readVariables({ section, symbols }: ReadSection, variables: Variables): void {
  const label = `data section ${section.name}`;
  for (const symbol of symbols.values()) {
    const { name, value, size } = symbol;
    if (!isVisible(symbol)) continue;
    if (variables.has(name)) refuse(nameOnce, `${label}: duplicate variable ${name}`);
    if (name.startsWith(".")) continue;
    if (value + size > section.size) refuse(inside, `${label}: variable ${name} exceeds section bounds`);
    variables.set(name, { name, section: section.name, offset: value, size });
  }
}

function compare(section: string, { parts, id }: Type, variables: Variables): void {
  const label = `data section ${section}`;
  for (const { type, offset, size } of parts) {
    const { name } = type;
    const at = { typeId: id };
    if (name === "") refuse(named, `${label}: anonymous variable …`, at);
    if (type.kind !== "Var") refuse(isVar, `${label}: unexpected type ${goType(type)} for variable ${name}`, at);
    const variable = variables.get(name);
    if (variable === undefined) continue;
    const line = (what: string, ours: number, theirs: number, which: string): string =>
      `${label}: variable ${name} ${what} (${ours}) doesn't match ELF symbol ${which} (${theirs})`;
    if (offset !== variable.offset) {
      refuse(offsetEqual, line("datasec offset", offset, variable.offset, "offset"), at);
    }
    if (size !== variable.size) refuse(sizeEqual, line("size in datasec", size, variable.size, "size"), at);
  }
}

/** The maps and variables of data sections. Errors: CD-08 to CD-15. */
export function loadData({ elf, sections }: Collected, spec: Spec | undefined, maps: Maps, variables: Variables): void {
  for (const of of sections.values()) {
    const { section, kind } = of;
    if (kind !== "data" || (of.references === 0 && of.symbols.size === 0)) continue;
    const { name, size, type } = section;
    const label = `data section ${name}`;
    if (size > MOST) refuse(short, `${label}: contents exceed maximum size`);
    if (type !== SHT_PROGBITS && type !== SHT_NOBITS) refuse(kindKnown, `${label}: unknown section type …`);
    if (type === SHT_PROGBITS) within(`${label}: can't get contents`, () => content(elf, section));
    readVariables(of, variables);
    const datasec = spec && lookup(spec, name, true);
    if (datasec !== undefined) compare(name, datasec, variables);
    maps.set(name, dataMap(name, size, datasec));
  }
}

function dataMap(name: string, size: number, value: Type | undefined): MapSpec {
  return {
    name: name.replace(/[^A-Za-z0-9._]/g, ""),
    type: MAP_TYPE.array,
    keySize: 4,
    valueSize: size,
    maxEntries: 1,
    flags: name.startsWith(".rodata") ? READ_ONLY : 0,
    mapExtra: 0n,
    pinning: 0,
    key: value && VOID_TYPE,
    value,
    inner: undefined,
    contents: new Map(),
  };
}

/** `.kconfig`, which no section of the object is. Errors: CD-01, CD-02, CD-07, CD-16, those of types. */
export function loadKconfig(spec: Spec | undefined): Type | undefined {
  const datasec = spec && lookup(spec, ".kconfig", false);
  if (datasec?.size === 0) refuse(kconfigSize);
  return datasec;
}

/** What `.ksyms` names. Errors: CD-05, CD-06, those of types. */
export function loadKsyms(spec: Spec | undefined): ReadonlySet<string> {
  const datasec = spec && lookup(spec, ".ksyms", false);
  return new Set(datasec?.parts.map(({ type }) => type.name));
}
