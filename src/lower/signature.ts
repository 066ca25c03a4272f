import { type BtfFuncProto, LINKAGE_GLOBAL, LINKAGE_STATIC } from "../btf/model.ts";
import { AT } from "../dwarf/constants.ts";
import type { DieRow } from "../dwarf/model.ts";
import type { Adopter } from "./adopt.ts";
import { addEntry, type Lowering, type SignatureParam } from "./entries.ts";
import { inheritedFlag, type Subprogram } from "./functions.ts";
import { nameOf, typeOf } from "./names.ts";
import { addDeclTags } from "./tags.ts";
import { visitType } from "./visit.ts";

/** Parameters that only the witness has: its prototype, and how its types come here. */
export interface LostParams {
  readonly proto: BtfFuncProto;
  readonly adopter: Adopter;
  /** A name of the witness's prototype. */
  name(nameOff: number): Uint8Array;
}

/** A parameter as it will stand in the prototype: with a DIE, or with an id of the witness. */
type Slot = { readonly row: DieRow } | { readonly lost: number; readonly name: Uint8Array };

/**
 * Appends FUNC_PROTO and FUNC of a function with code, with the types that they need (BTFDebug::beginFunctionImpl), and returns the
 * FUNC's id. Types of parameter variables come before the prototype.
 */
export function addFunction(lowering: Lowering, subprogram: Subprogram, lost: LostParams | undefined): number {
  const { dwarf } = lowering;
  const { row, params, returnType } = subprogram;
  for (const param of params) visitType(lowering, typeOf(dwarf, param));
  const slots = slotsOf(lowering, params, lost);
  const signature = slots.map((slot): SignatureParam => {
    if ("row" in slot) return { name: nameOf(dwarf, slot.row), type: { row: typeOf(dwarf, slot.row) } };
    return { name: slot.name, type: { row: undefined } };
  });
  const entry = { entry: "signature", row: undefined, returnType: { row: returnType }, params: signature } as const;
  const proto = addEntry(lowering, entry, undefined);
  visitType(lowering, returnType);
  for (const [index, slot] of slots.entries()) {
    const param = signature[index];
    if ("row" in slot) visitType(lowering, typeOf(dwarf, slot.row));
    else if (lost !== undefined && param !== undefined) param.type = lost.adopter.visit(slot.lost);
  }
  const linkage = inheritedFlag(dwarf, row, AT.external) ? LINKAGE_GLOBAL : LINKAGE_STATIC;
  const func = { entry: "func", row, name: nameOf(dwarf, row), type: { id: proto }, linkage } as const;
  const id = addEntry(lowering, func, undefined);
  for (const [component, slot] of slots.entries()) {
    if ("row" in slot) addDeclTags(lowering, slot.row, id, component);
  }
  addDeclTags(lowering, row, id, -1);
  return id;
}

/** An argument without a variable (a closure's environment) is in the prototype alone: the named ones keep their order around it. */
function slotsOf(lowering: Lowering, params: readonly DieRow[], lost: LostParams | undefined): readonly Slot[] {
  const own = params.map((row): Slot => ({ row }));
  if (lost === undefined || lost.proto.params.length <= params.length) return own;
  const missing = lost.proto.params.length - params.length;
  const slots: Slot[] = [];
  let skipped = 0;
  for (const param of lost.proto.params) {
    const next = params[slots.length - skipped];
    const name = lost.name(param.nameOff);
    const isNext = next !== undefined && sameBytes(nameOf(lowering.dwarf, next), name);
    if (next !== undefined && (isNext || skipped === missing)) {
      slots.push({ row: next });
    } else {
      slots.push({ lost: param.type, name });
      skipped++;
    }
  }
  return skipped === missing ? slots : own;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
