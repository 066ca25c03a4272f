import { type Btf, typeById } from "../../btf/model.ts";
import { typesOfKind } from "../../btf/of-kind.ts";
import { references } from "../../btf/walk.ts";
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
export function definitionOf({ join }: ObjectState, fwdId: number): number | undefined {
  if (join === undefined) return undefined;
  const { lowered } = join;
  const loweredId = join.loweredId(fwdId) ?? 0;
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
    for (const [typeId] of typesOfKind(state.btf, "fwd")) {
      if (definitionOf(state, typeId) === undefined) continue;
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
