import { BtfBuilder } from "../btf/builder.ts";
import { escapeName } from "../btf/escape.ts";
import { LINKAGE_GLOBAL } from "../btf/model.ts";
import type { ElfEdits, SymbolEdit } from "../elf/edit.ts";
import { type ElfSymbol, type ElfView, STB_GLOBAL, STB_LOCAL, STT_OBJECT, STV_DEFAULT } from "../elf/model.ts";
import { sectionsNamed } from "../elf/symbols.ts";
import { BtfFixError } from "../errors.ts";
import { mapPlaces } from "../maps/places.ts";
import { MAPS_SECTION } from "../maps/sites.ts";
import { isAcceptedVarName } from "../rules/btf/names.ts";
import { mapReference, privateMap } from "../rules/elf/private-map.ts";
import type { Diagnostic } from "../rules/rule.ts";
import { type ElfFix, type ElfState, type ElfStep, NO_EDITS } from "./elf-fix.ts";
import { counted } from "./fix.ts";
import { mapReferences } from "./map-references.ts";

/** Two things of one name: whoever asks for the map might get the other. */
function refuseClash(elf: ElfView, symbol: ElfSymbol, exported: readonly ElfSymbol[]): void {
  const others = [...elf.symbols.filter(({ binding }) => binding !== STB_LOCAL), ...exported];
  const other = others.find(({ name, index }) => name === symbol.name && index !== symbol.index);
  if (other === undefined) return;
  const where = elf.sections[other.section]?.name || "no section";
  throw new BtfFixError(
    "REFUSED",
    `map ${symbol.name} is private, and cannot be made public: ${where} has another symbol of that name [${privateMap.id}]`,
  );
}

/**
 * The name of a map that was private. A mangled one may hold what neither the kernel nor C takes (`$u7b$$u7b$closure…`): it is escaped, in
 * symbol and VAR alike, which aya reads together. Every other name stays, since somebody may ask for it.
 */
function publicName(name: string): string {
  const bytes = new TextEncoder().encode(name);
  if (!/^(_ZN|_R)/.test(name) || isAcceptedVarName(bytes)) return name;
  return new TextDecoder().decode(escapeName(bytes));
}

/** Edits after which all code and data of the object name maps by their own symbols. */
function ownReferences({ elf, btf }: ElfState): ElfEdits {
  const maps = sectionsNamed(elf, MAPS_SECTION).flatMap((section) => mapPlaces(elf, btf, section));
  return { ...NO_EDITS, ...mapReferences(elf, maps, { move: false }) };
}

/**
 * V4: the map's symbol and VAR become global, and code names it by that symbol. It keeps its name, mangled or not: aya knows it by that
 * name already.
 */
export const publishMaps: ElfFix = {
  rules: [privateMap],
  summary: (count) => `${counted(count, "private map")} made public`,
  apply(state: ElfState, findings: readonly Diagnostic[]): ElfStep {
    const { elf, btf, ext } = state;
    const builder = new BtfBuilder(btf);
    const symbols: SymbolEdit[] = [];
    const exported: ElfSymbol[] = [];
    const done = findings.map(({ target: { symbol: index = 0, typeId = 0 } }) => {
      const symbol = elf.symbols[index];
      const variable = builder.get(typeId);
      if (symbol === undefined || index === 0) return undefined;
      const name = publicName(symbol.name);
      refuseClash(elf, { ...symbol, name }, exported);
      exported.push({ ...symbol, name });
      const isRenamed = name !== symbol.name;
      const edit = { symbol: index, binding: STB_GLOBAL, visibility: STV_DEFAULT, type: STT_OBJECT };
      symbols.push(isRenamed ? { ...edit, name } : edit);
      if (variable?.kind === "var") {
        const nameOff = isRenamed ? builder.string(name) : variable.nameOff;
        builder.replace(typeId, { ...variable, nameOff, linkage: LINKAGE_GLOBAL });
      }
      return `made it global${isRenamed ? ` as ${name}` : ""}, and pointed each reference at it`;
    });
    return { edits: { ...ownReferences(state), symbols }, btf: builder.finish(), ext, done };
  },
};

/** V4, where the maps are public already: code names them as loaders expect. */
export const nameMaps: ElfFix = {
  rules: [mapReference],
  summary: (count) => `maps named by their symbols in ${counted(count, "section")}`,
  apply(state: ElfState, findings: readonly Diagnostic[]): ElfStep {
    const { btf, ext } = state;
    return { edits: ownReferences(state), btf, ext, done: findings.map(() => "pointed each reference at its map") };
  },
};
