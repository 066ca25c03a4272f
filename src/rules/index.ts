import { BtfFixError } from "../errors.ts";
import { boundByName } from "./btf/bound-by-name.ts";
import { charOfFourBytes, integerNotC, nameIsKeyword } from "./btf/c-names.ts";
import { enumEmptied } from "./btf/enum-emptied.ts";
import { enumNotOpaque } from "./btf/enum-payload.ts";
import { enumSize } from "./btf/enum-size.ts";
import { floatMisaligned } from "./btf/float.ts";
import { forwardIncomplete } from "./btf/forward.ts";
import { memberOrder, unionMemberOffset } from "./btf/member-order.ts";
import { nameNotIdentifier, nameTooLong } from "./btf/names.ts";
import { emptyNameNotZero, nameOnNamelessKind } from "./btf/no-name.ts";
import { optionIsPointer } from "./btf/option-pointer.ts";
import { nameNotShort } from "./btf/short-names.ts";
import { tagUnnamed } from "./btf/tag.ts";
import { typeMissing } from "./btf/type-missing.ts";
import { zeroSizeInt } from "./btf/unit.ts";
import { emptyDatasec } from "./datasec/empty.ts";
import { shrunkEntry, zeroSizeEntry } from "./datasec/entries.ts";
import { unplaced } from "./datasec/placed.ts";
import { wrongSection } from "./datasec/section.ts";
import { commonSymbol } from "./elf/common-symbol.ts";
import { danglingInfo, danglingLink } from "./elf/dangling.ts";
import { constantSections, dataPointers } from "./elf/data-pointers.ts";
import { externWithoutBtf, externWithoutSection } from "./elf/extern.ts";
import { flagsNotC } from "./elf/flags.ts";
import { legacyDefinition, legacyMaps } from "./elf/legacy-maps.ts";
import { licenseIncompatible, licenseKept, licenseMissing } from "./elf/license.ts";
import { mapsInitialised, mapsRelocations } from "./elf/maps-relocations.ts";
import { btfMissing } from "./elf/missing.ts";
import { mapImmediate, mapReference, privateMap } from "./elf/private-map.ts";
import { concatenatedBtf, duplicateMaps } from "./elf/sections.ts";
import { staticProgram } from "./elf/static-program.ts";
import { mapName, variableName } from "./elf/symbols.ts";
import { builtinGlobal, linkageNotSymbol, notVerifiableAlone } from "./func/linkage.ts";
import { paramUnnamed } from "./func/params.ts";
import { funcWithoutPrototype, prototypeLost } from "./func/prototype.ts";
import { contextUntyped, prototypeNotAbi } from "./func/prototype-abi.ts";
import { returnsNamedVoid } from "./func/returns-void.ts";
import { symbolNotNamed } from "./func/symbol-name.ts";
import { functionWithoutInfo } from "./func/without-info.ts";
import {
  definitionDiffers,
  emptyMember,
  extraAsEnum,
  extraTooLarge,
  innerDeviates,
  innerIncomplete,
  keyNotInt,
  keyWithoutSize,
  keyZeroSize,
  notADefinition,
  progArrayKey,
  redundantSize,
  sizeContradiction,
  valueOnRingbuf,
  valueSizeConflict,
  valuesNotArray,
  wrapped,
} from "./maps/definition.ts";
import { specialFieldBarred } from "./maps/special-field.ts";
import { unknownMapType } from "./maps/unknown-type.ts";
import { refusalRules } from "./refusals.ts";
import type { Diagnostic, Rule } from "./rule.ts";
import type { ObjectState } from "./state.ts";

/** Every rule, in the order in which a report lists findings: what stops the object first, first. */
export const allRules: readonly Rule[] = [
  btfMissing,
  danglingInfo,
  danglingLink,
  commonSymbol,
  legacyMaps,
  legacyDefinition,
  duplicateMaps,
  mapsRelocations,
  mapsInitialised,
  concatenatedBtf,
  externWithoutBtf,
  staticProgram,
  externWithoutSection,
  licenseMissing,
  licenseIncompatible,
  licenseKept,
  dataPointers,
  constantSections,
  flagsNotC,
  privateMap,
  mapReference,
  mapImmediate,
  mapName,
  unknownMapType,
  specialFieldBarred,
  notADefinition,
  wrapped,
  valueOnRingbuf,
  valueSizeConflict,
  redundantSize,
  sizeContradiction,
  keyZeroSize,
  keyWithoutSize,
  progArrayKey,
  keyNotInt,
  valuesNotArray,
  emptyMember,
  extraAsEnum,
  extraTooLarge,
  innerDeviates,
  innerIncomplete,
  definitionDiffers,
  typeMissing,
  nameNotIdentifier,
  nameTooLong,
  variableName,
  nameOnNamelessKind,
  emptyNameNotZero,
  memberOrder,
  unionMemberOffset,
  floatMisaligned,
  zeroSizeInt,
  enumSize,
  forwardIncomplete,
  boundByName,
  optionIsPointer,
  enumNotOpaque,
  nameNotShort,
  integerNotC,
  nameIsKeyword,
  charOfFourBytes,
  tagUnnamed,
  enumEmptied,
  funcWithoutPrototype,
  prototypeLost,
  returnsNamedVoid,
  functionWithoutInfo,
  paramUnnamed,
  builtinGlobal,
  linkageNotSymbol,
  prototypeNotAbi,
  notVerifiableAlone,
  symbolNotNamed,
  contextUntyped,
  wrongSection,
  zeroSizeEntry,
  shrunkEntry,
  emptyDatasec,
  unplaced,
];

/**
 * The rules chosen by id or by fact id ("M2"); an empty `only` chooses all. Where nothing is named the result is `allRules`: see `isChosen`.
 * Errors: USAGE for a name that no rule has, since a slip would pass for an object without defects.
 */
export function selectRules(only: readonly string[] = [], skip: readonly string[] = []): readonly Rule[] {
  if (only.length === 0 && skip.length === 0) return allRules;
  const isNamed = (rule: Rule, names: readonly string[]): boolean =>
    names.some((name) => name === rule.id || rule.covers.includes(name));
  const refusals = new Set(refusalRules());
  const every = [...allRules, ...refusals];
  // Whoever leaves a rule out does not want to hear the same from a judge.
  const skipped = new Set(allRules.flatMap((rule) => (isNamed(rule, skip) ? rule.covers : [])));
  const unknown = [...only, ...skip].find((name) => !every.some((rule) => isNamed(rule, [name])));
  if (unknown !== undefined) throw new BtfFixError("USAGE", `no rule is called "${unknown}"`);
  const isOut = (rule: Rule): boolean =>
    isNamed(rule, skip) || (refusals.has(rule) && rule.covers.some((fact) => skipped.has(fact)));
  return every.filter((rule) => (only.length === 0 || isNamed(rule, only)) && !isOut(rule));
}

/**
 * Whether findings of a rule are to be told, which may be a judge's own. Those are not in `allRules`: they check nothing, and to make all seven
 * hundred takes 0.4 ms of a run of 60.
 */
export function isChosen(rules: readonly Rule[], id: string): boolean {
  return rules === allRules || rules.some((rule) => rule.id === id);
}

/** All findings of a state, by rule and then by place. */
export function* findings(state: ObjectState, rules: readonly Rule[] = allRules): Generator<Diagnostic> {
  for (const rule of rules) yield* rule.check(state);
}

/** What each rule finds in one state. */
export interface Survey {
  readonly state: ObjectState;
  readonly byRule: ReadonlyMap<Rule, readonly Diagnostic[]>;
}

export function survey(state: ObjectState, rules: readonly Rule[]): Survey {
  return { state, byRule: new Map(rules.map((rule) => [rule, [...rule.check(state)]])) };
}

/** The same once it is known that the kernel refuses the object as it was given: only the rules that ask for that look again. */
export function surveyAsRefused(before: Survey): Survey {
  const state = { ...before.state, refusedAsGiven: true };
  const again = ([rule, found]: readonly [Rule, readonly Diagnostic[]]): [Rule, readonly Diagnostic[]] =>
    rule.asksRefusal ? [rule, [...rule.check(state)]] : [rule, found];
  return { state, byRule: new Map([...before.byRule].map(again)) };
}

/** The findings of a survey, in the order of `findings`. */
export function foundIn({ byRule }: Survey): readonly Diagnostic[] {
  return [...byRule.values()].flat();
}

/** Whether some finding means that the kernel throws the whole BTF away. */
export function kernelRefuses(found: readonly Diagnostic[]): boolean {
  return found.some(
    ({ severity, answers }) =>
      severity === "error" && answers.some(({ judge, answer }) => judge === "kernel" && answer === "drops the BTF"),
  );
}
