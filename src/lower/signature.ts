import { type Btf, type BtfFuncProto, type BtfParam, LINKAGE_GLOBAL, LINKAGE_STATIC } from "../btf/model.ts";
import { nameBytes } from "../btf/names.ts";
import { equalBytes } from "../bytes/compare.ts";
import { AT } from "../dwarf/constants.ts";
import type { DieRow, Dwarf } from "../dwarf/model.ts";
import type { Adopter } from "./adopt.ts";
import { addEntry, type Lowering, type SignatureParam } from "./entries.ts";
import { inheritedFlag, paramsOf, type Subprogram } from "./functions.ts";
import { nameOf, typeOf } from "./names.ts";
import { addDeclTags } from "./tags.ts";
import { visitType } from "./visit.ts";
import { isRawPointer, type RowFinder, rowText, typeText } from "./witness-rows.ts";

const NO_NAME = new Uint8Array(0);

/** What the witness says of a function's parameters: its prototype, and how its types come here. */
export interface LostParams {
  readonly proto: BtfFuncProto;
  readonly btf: Btf;
  readonly adopter: Adopter;
  readonly rowOf: RowFinder;
}

/** A parameter as it will stand in the prototype: a variable's DIE and the type that it has there, or an id of the witness. */
type Slot =
  | { readonly row: DieRow; readonly type: DieRow | undefined }
  | { readonly lost: number; readonly name: Uint8Array };

/**
 * Appends FUNC_PROTO and FUNC of a function with code, with the types that they need (BTFDebug::beginFunctionImpl), and returns the
 * FUNC's id. Types of parameter variables come before the prototype.
 */
export function addFunction(lowering: Lowering, subprogram: Subprogram, lost: LostParams | undefined): number {
  const { dwarf } = lowering;
  const { row } = subprogram;
  const params = paramsOf(dwarf, row);
  const returnType = typeOf(dwarf, row);
  for (const param of params) visitType(lowering, typeOf(dwarf, param));
  const slots = slotsOf(lowering, params, lost);
  // A closure's environment, the argument that is lost most, is a reference: a raw pointer to the same type is another type.
  const isNoRawPointer = (row: DieRow): boolean => !isRawPointer(dwarf, row);
  const signature = slots.map((slot): SignatureParam => {
    if ("row" in slot) return { name: slot.row, type: { row: slot.type } };
    return { name: slot.name, type: { row: undefined } };
  });
  const entry = { entry: "signature", row: undefined, returnType: { row: returnType }, params: signature } as const;
  const proto = addEntry(lowering, entry, undefined);
  visitType(lowering, returnType);
  for (const [index, slot] of slots.entries()) {
    const param = signature[index];
    if ("row" in slot) visitType(lowering, slot.type);
    else if (lost !== undefined && param !== undefined) param.type = lost.adopter.visit(slot.lost, isNoRawPointer);
  }
  const linkage = inheritedFlag(dwarf, row, AT.external) ? LINKAGE_GLOBAL : LINKAGE_STATIC;
  const func = { entry: "func", row, name: row, type: { id: proto }, linkage } as const;
  const id = addEntry(lowering, func, undefined);
  for (const [component, slot] of slots.entries()) {
    if ("row" in slot) addDeclTags(lowering, slot.row, id, component);
  }
  addDeclTags(lowering, row, id, -1);
  return id;
}

/** An argument without a variable (a closure's environment) is in the prototype alone: the named ones keep their order around it. */
function slotsOf(lowering: Lowering, params: readonly DieRow[], lost: LostParams | undefined): readonly Slot[] {
  const { dwarf } = lowering;
  const own = params.map((row): Slot => ({ row, type: typeOf(dwarf, row) }));
  if (lost === undefined) return own;
  const { proto, btf } = lost;
  const missing = proto.params.length - params.length;
  if (missing === 0) return params.map((row, i) => ({ row, type: prototypeType(dwarf, row, proto.params[i], lost) }));
  if (missing < 0) return own;
  const slots: Slot[] = [];
  let skipped = 0;
  for (const param of proto.params) {
    const next = params[slots.length - skipped];
    const name = nameBytes(btf, param.nameOff) ?? NO_NAME;
    const isNext = next !== undefined && equalBytes(nameOf(dwarf, next), name);
    if (next !== undefined && (isNext || skipped === missing)) {
      slots.push({ row: next, type: prototypeType(dwarf, next, param, lost) });
    } else {
      slots.push({ lost: param.type, name });
      skipped++;
    }
  }
  return skipped === missing ? slots : own;
}

/**
 * A prototype lists what is passed, a variable's DIE what the source sees: `call_once` of a closure gets the elements of a tuple and
 * sees the tuple. The witness counts where it names a type that DWARF has and that is not the variable's.
 */
function prototypeType(
  dwarf: Dwarf,
  row: DieRow,
  param: BtfParam | undefined,
  { btf, rowOf }: LostParams,
): DieRow | undefined {
  const own = typeOf(dwarf, row);
  if (param === undefined) return own;
  const words = typeText(btf, param.type);
  if (words === rowText(dwarf, own)) return own;
  const other = rowOf(param.type);
  return other !== undefined && rowText(dwarf, other) === words ? other : own;
}
