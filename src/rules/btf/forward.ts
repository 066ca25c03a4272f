import { unescapeName } from "../../btf/escape.ts";
import { type Btf, type BtfComposite, typeById, typesWithIds } from "../../btf/model.ts";
import { nameText } from "../../btf/names.ts";
import { references } from "../../btf/walk.ts";
import type { Correspondence } from "../../join/model.ts";
import type { LoweredBtf } from "../../lower/model.ts";
import { label, placeOf } from "../label.ts";
import type { Diagnostic, Rule } from "../rule.ts";
import type { ObjectState } from "../state.ts";

/** DW_LANG_Rust. */
const RUST = 0x1c;

/**
 * Most types that completing one FWD may bring in. A pointer to `task_struct` in generated kernel bindings leads to thousands, which
 * nobody reads and every load would carry. Counted in the lowered graph alone, so that a second run decides alike.
 */
const MAX_CLOSURE = 256;

/** Whether a lowered type is Rust's: C programs lean on pruned pointees (vmlinux.h), and what clang wrote for them stays. */
function isRust(lowered: LoweredBtf, loweredId: number): boolean {
  const row = lowered.rowOf(loweredId);
  return row !== undefined && lowered.dwarf.unitOf(row).language === RUST;
}

function isSmallClosure(btf: Btf, loweredId: number): boolean {
  const seen = new Set([loweredId]);
  // A set grows while it is walked, and the walk sees what came in.
  for (const id of seen) {
    if (seen.size > MAX_CLOSURE) return false;
    const type = typeById(btf, id);
    for (const next of type === undefined ? [] : references(type)) if (next !== 0) seen.add(next);
  }
  return true;
}

/** The lowered STRUCT or UNION that a FWD stands for; undefined when DWARF has no more than a declaration either. */
export function definitionOf(state: ObjectState, fwdId: number): number | undefined {
  const loweredId = state.join?.loweredId(fwdId);
  if (state.join === undefined || loweredId === undefined) return undefined;
  const { lowered } = state.join;
  const kind = typeById(lowered.btf(), loweredId)?.kind;
  if ((kind !== "struct" && kind !== "union") || !isRust(lowered, loweredId)) return undefined;
  return isSmallClosure(lowered.btf(), loweredId) ? loweredId : undefined;
}

export const forwardIncomplete: Rule = {
  id: "btf/forward-incomplete",
  title: "A FWD is there only for types that the debug info does not describe either.",
  covers: ["T9"],
  source: "llvm BTFDebug::visitDerivedType (pruning), BTFDebug::endModule (fixups)",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const [typeId, type] of typesWithIds(state.btf)) {
      if (type.kind !== "fwd" || definitionOf(state, typeId) === undefined) continue;
      yield {
        rule: forwardIncomplete.id,
        severity: "note",
        message: `${label(state.btf, typeId)} is only declared, though DWARF describes it`,
        target: { typeId },
        ...placeOf(state.join, typeId),
        answers: [],
      };
    }
  },
};

/** An own reference and the lowered type that its pointee should be. */
export interface Misbinding {
  readonly typeId: number;
  readonly loweredId: number;
}

/** References that LLVM's fixup, which looks pruned pointees up by name alone, bound to another type of that name. */
export function misbindings(state: ObjectState): readonly Misbinding[] {
  const { btf, join } = state;
  if (join === undefined) return [];
  const found: Misbinding[] = [];
  for (const [typeId, type] of typesWithIds(btf)) {
    if (type.kind !== "ptr" && type.kind !== "typedef" && type.kind !== "const" && type.kind !== "volatile") continue;
    const loweredId = join.loweredId(typeId);
    const twin = loweredId === undefined ? undefined : typeById(join.lowered.btf(), loweredId);
    if (twin?.kind !== type.kind) continue;
    if (isOtherOfSameName(btf, type.type, join.lowered.btf(), twin.type)) found.push({ typeId, loweredId: twin.type });
  }
  return found;
}

/** A member by name and place, names as escaping leaves them. */
function memberKeys(btf: Btf, type: BtfComposite): Set<string> {
  const key = (nameOff: number, bitOffset: number): string => `${unescapeName(nameText(btf, nameOff))}@${bitOffset}`;
  return new Set(type.members.map((member) => key(member.nameOff, member.bitOffset)));
}

/** Whether two records of one name cannot be one type: another kind, size or set of members. */
function isOtherOfSameName(btf: Btf, ownId: number, lowered: Btf, loweredId: number): boolean {
  const own = typeById(btf, ownId);
  const other = typeById(lowered, loweredId);
  if (own?.kind !== "struct" && own?.kind !== "union") return false;
  if (other?.kind !== "struct" && other?.kind !== "union") return false;
  const name = unescapeName(nameText(btf, own.nameOff));
  if (name === "" || name !== unescapeName(nameText(lowered, other.nameOff))) return false;
  if (own.kind !== other.kind || own.size !== other.size) return true;
  const keys = memberKeys(lowered, other);
  return own.members.length !== other.members.length || [...memberKeys(btf, own)].some((key) => !keys.has(key));
}

export const boundByName: Rule = {
  id: "btf/bound-by-name",
  title: "A pointer leads to the type of the source, not to another of the same short name.",
  covers: ["T10"],
  source: "llvm BTFDebug::endModule (fixups look structs up by name)",
  fixable: true,
  *check(state: ObjectState): Generator<Diagnostic> {
    for (const { typeId, loweredId } of misbindings(state)) {
      const type = typeById(state.btf, typeId);
      const wrong = type !== undefined && "type" in type ? label(state.btf, type.type) : "a type";
      yield {
        rule: boundByName.id,
        severity: "warning",
        message: `${label(state.btf, typeId)} leads to ${wrong}, another type of the same name than in the source`,
        target: { typeId },
        ...placeOfLowered(state.join, loweredId),
        answers: [],
        help: "`btf-fix` points it at the type that DWARF gives",
      };
    }
  },
};

function placeOfLowered(join: Correspondence | undefined, loweredId: number): Pick<Diagnostic, "place"> {
  const row = join?.lowered.rowOf(loweredId);
  const place = row === undefined ? undefined : join?.lowered.dwarf.place(row);
  return place === undefined ? {} : { place };
}
