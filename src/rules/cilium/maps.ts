import type { ElfSymbol } from "../../elf/model.ts";
import type { LoaderRule } from "../loader.ts";
import type { Collected, ReadSection } from "./collect.ts";
import { isCompressed, rawBytes } from "./contents.ts";
import { readDefinition } from "./definition.ts";
import type { MapSpec } from "./map-spec.ts";
import { CiliumRefusal, ciliumRule, refuse, within } from "./rule.ts";
import type { Spec } from "./spec.ts";
import { as, goType, longForm, type Type, underlying, VOID_TYPE } from "./types.ts";

const oldSymbols = ciliumRule(
  "CM-01",
  "A section of old-style maps has symbols.",
  "elfCode.loadMaps",
  "section S: no symbols",
);
const plain = ciliumRule("CM-02", "A section of maps is not compressed.", "elfCode.loadMaps", [
  "compressed map section is not supported",
  "compressed BTF map section is not supported",
]);
const entriesVars = ciliumRule(
  "CM-03",
  "What the DATASEC of maps holds is a VAR.",
  "elfCode.sectionVars",
  "loading map variable BTF: btf.VarSecInfo doesn't point to a *btf.Var: T",
);
const oldOnce = ciliumRule(
  "CM-04",
  "Old-style maps have different names.",
  "elfCode.loadMaps",
  "duplicate symbol M in section S",
);
const below = ciliumRule(
  "CM-05",
  "Offset and size of a map's symbol are below 2^32.",
  "elfCode.loadMaps",
  "symbol M: offset or size exceeds 32 bits in section S",
);
const inside = ciliumRule("CM-06", "A map ends with its section, or before.", "elfCode.loadMaps", [
  "symbol M: size goes out of bounds of section S",
  "section S: symbol M: size goes out of bounds of section",
]);
const oldFields = ciliumRule("CM-07", "An old-style map is 20 bytes or longer.", "elfCode.loadMaps", [
  "map M: missing type",
  "map M: missing key size",
  "map M: missing value size",
  "map M: missing max entries",
  "map M: missing flags",
]);
const hasBtf = ciliumRule("CM-08", "An object with .maps has BTF.", "elfCode.loadBTFMaps", "missing BTF");
const asMany = ciliumRule(
  "CM-09",
  "The section .maps has as many symbols as its DATASEC has variables.",
  "elfCode.loadBTFMaps",
  "section .maps: contains N symbols but M btf.Vars",
);
const symbolThere = ciliumRule(
  "CM-10",
  "Every variable of .maps has a symbol.",
  "elfCode.loadBTFMaps",
  "section .maps: missing symbol for map M",
);
const zeros = ciliumRule(
  "CM-11",
  "The bytes of a map are zero.",
  "elfCode.loadBTFMaps",
  "section .maps: map M: initializing BTF map definitions: not supported",
);
const once = ciliumRule(
  "CM-12",
  "The maps of an object have different names.",
  "elfCode.loadBTFMaps",
  "section .maps: map M already exists",
);
const isStruct = ciliumRule(
  "CM-13",
  "The variable of a map is a STRUCT.",
  "elfCode.loadBTFMaps",
  "expected struct, got T",
);

export const mapRules: readonly LoaderRule[] = [
  oldSymbols,
  plain,
  entriesVars,
  oldOnce,
  below,
  inside,
  oldFields,
  hasBtf,
  asMany,
  symbolThere,
  zeros,
  once,
  isStruct,
];

const MOST = 0xffff_ffff;

export type Maps = Map<string, MapSpec>;

/** The variables of a section by name; none where the library finds no DATASEC that it can read. */
function sectionVars(spec: Spec, name: string): ReadonlyMap<string, Type> {
  let datasec: Type;
  try {
    datasec = spec.named("Datasec", name);
  } catch (error) {
    if (error instanceof CiliumRefusal) return new Map();
    throw error;
  }
  const vars = new Map<string, Type>();
  for (const { type } of datasec.parts) {
    const variable = as(type, "Var");
    if (variable === undefined) {
      refuse(entriesVars, `btf.VarSecInfo doesn't point to a *btf.Var: ${goType(type)}`);
    }
    vars.set(variable.name, variable);
  }
  return vars;
}

function checkPlace({ section }: ReadSection, { name, value, size }: ElfSymbol, line: string): void {
  if (value > MOST || size > MOST) {
    refuse(below, `symbol ${name}: offset or size exceeds 32 bits in section ${section.name}`, { map: name });
  }
  if (value + size > section.size) refuse(inside, line, { map: name });
}

const FIELDS = ["type", "key size", "value size", "max entries", "flags"];

/** Old-style maps, in sections whose names begin with "maps". Errors: CM-01 to CM-07. */
export function loadOldMaps({ elf, budget, sections }: Collected, spec: Spec | undefined, maps: Maps): void {
  for (const of of sections.values()) {
    if (of.kind !== "maps") continue;
    const { name: label } = of.section;
    if (of.symbols.size === 0) refuse(oldSymbols, `section ${label}: no symbols`);
    if (isCompressed(of.section)) refuse(plain);
    if (spec !== undefined) within(`section ${label}: loading map variable BTF`, () => sectionVars(spec, label));
    for (const symbol of of.symbols.values()) {
      const { name, value, size } = symbol;
      if (maps.has(name)) refuse(oldOnce, `duplicate symbol ${name} in section ${label}`, { map: name });
      checkPlace(of, symbol, `symbol ${name}: size goes out of bounds of section ${label}`);
      const bytes = rawBytes(elf, of.section).subarray(value, value + size);
      budget.spend(bytes.length);
      const missing = FIELDS[Math.floor(bytes.length / 4)];
      if (missing !== undefined) refuse(oldFields, `map ${name}: missing ${missing}`, { map: name });
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const [type = 0, keySize = 0, valueSize = 0, maxEntries = 0, flags = 0] = FIELDS.map((_, i) =>
        view.getUint32(4 * i, elf.littleEndian),
      );
      maps.set(name, {
        name: name.replace(/[^A-Za-z0-9._]/g, ""),
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        mapExtra: 0n,
        pinning: 0,
        key: undefined,
        value: undefined,
        inner: undefined,
        contents: new Map(),
        hasTail: bytes.subarray(4 * FIELDS.length).some((byte) => byte !== 0),
      });
    }
  }
}

function loadMap({ elf, budget }: Collected, of: ReadSection, symbol: ElfSymbol, variable: Type, maps: Maps): void {
  const { section } = of;
  const { name, value, size } = symbol;
  const at = { map: name };
  checkPlace(of, symbol, `section ${section.name}: symbol ${name}: size goes out of bounds of section`);
  const bytes = rawBytes(elf, section).subarray(value, value + size);
  budget.spend(bytes.length + of.relocations.size);
  if (bytes.some((byte) => byte !== 0)) {
    refuse(zeros, `section ${section.name}: map ${name}: initializing BTF map definitions: not supported`, at);
  }
  if (maps.has(name)) refuse(once, `section ${section.name}: map ${name} already exists`, at);
  const definition = variable.ref && underlying(variable.ref);
  if (definition?.kind !== "Struct") {
    const found = longForm(variable.ref ?? VOID_TYPE).replace("…", "");
    refuse(isStruct, `expected struct, got ${found}`, at);
  }
  budget.spend(8 * definition.parts.length);
  maps.set(
    name,
    within(`map ${name}`, () => readDefinition(definition, name, { of, symbol }), at),
  );
}

/** The maps of `.maps`. Errors: CM-02, CM-03, CM-05, CM-06, CM-08 to CM-13, those of definitions. */
export function loadBtfMaps(collected: Collected, spec: Spec | undefined, maps: Maps): void {
  for (const of of collected.sections.values()) {
    if (of.kind !== "btfMaps") continue;
    if (spec === undefined) refuse(hasBtf);
    if (isCompressed(of.section)) refuse(plain, plain.text[1]);
    const { name: label } = of.section;
    const vars = within(`section ${label}: loading map variable BTF`, () => sectionVars(spec, label));
    const { symbols } = of;
    if (vars.size !== symbols.size) {
      refuse(asMany, `section ${label}: contains ${symbols.size} symbols but ${vars.size} btf.Vars`);
    }
    const byName = new Map([...symbols.values()].map((symbol) => [symbol.name, symbol]));
    for (const [name, variable] of vars) {
      const symbol = byName.get(name);
      if (symbol === undefined) {
        refuse(symbolThere, `section ${label}: missing symbol for map ${name}`, { map: name });
      }
      loadMap(collected, of, symbol, variable, maps);
    }
  }
}
