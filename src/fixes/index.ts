import { cNames, renameChars } from "./c-names.ts";
import { bytesForShrunk, dropEmptyEntries, listUnnamed, placeDatasecs } from "./datasec.ts";
import { moveEntries } from "./datasec-section.ts";
import { bytesForEnums } from "./enum-payload.ts";
import { sizeEnums } from "./enum-size.ts";
import { describeExterns } from "./extern.ts";
import type { Fix } from "./fix.ts";
import { bytesForFloats } from "./float.ts";
import { completeForwards, rebindReferences } from "./forward.ts";
import { describeFunctions } from "./func-info.ts";
import { makeStatic } from "./linkage.ts";
import { rebuildMaps } from "./map-definition.ts";
import { sortMembers, wrapUnionMembers } from "./member-order.ts";
import { clearNames, escapeNames } from "./names.ts";
import { pointersForOptions } from "./option-pointer.ts";
import { nameParams } from "./params.ts";
import { supplyPrototypes } from "./prototype.ts";
import { typeContexts, typeRegisters } from "./prototype-abi.ts";
import { returnVoid } from "./returns-void.ts";
import { shortenNames } from "./short-names.ts";
import { nameSymbols } from "./symbol-name.ts";
import { nameTags } from "./tag.ts";
import { supplyTypes } from "./type-missing.ts";
import { structsForUnits } from "./unit.ts";

/**
 * Every repair, in the order in which they build on each other: what ceases to be a record first; then names, so that positions in
 * messages are the compiler's; types before the maps that look them up by structure; what changes a type's look for people after the
 * maps; sections last, since repairs of variables decide what they list.
 */
export const allFixes: readonly Fix[] = [
  pointersForOptions,
  bytesForEnums,
  clearNames,
  escapeNames,
  supplyTypes,
  rebindReferences,
  completeForwards,
  wrapUnionMembers,
  sortMembers,
  bytesForFloats,
  rebuildMaps,
  nameTags,
  shortenNames,
  renameChars,
  cNames,
  structsForUnits,
  sizeEnums,
  returnVoid,
  nameParams,
  supplyPrototypes,
  describeFunctions,
  typeContexts,
  typeRegisters,
  makeStatic,
  nameSymbols,
  describeExterns,
  moveEntries,
  dropEmptyEntries,
  bytesForShrunk,
  listUnnamed,
  placeDatasecs,
];
