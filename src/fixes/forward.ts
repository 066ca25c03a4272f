import { BtfBuilder } from "../btf/builder.ts";
import type { Btf } from "../btf/model.ts";
import { boundByName, misbindings } from "../rules/btf/bound-by-name.ts";
import { definitionOf, forwardIncomplete } from "../rules/btf/forward.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";
import { grafterOf } from "./graft.ts";

/** T9: the full record takes the place, and the id, of the FWD. */
export const completeForwards: Fix = {
  rules: [forwardIncomplete],
  summary: (count) => `${counted(count, "forward declaration")} completed`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const fwds = findings.flatMap(({ target: { typeId = 0 } }) => {
      const loweredId = definitionOf(state, typeId);
      return loweredId === undefined ? [] : [[loweredId, typeId] as const];
    });
    // Every FWD's id is known before the first record is written, so that they may refer to each other.
    const taken = new Map<number, number>();
    for (const [loweredId, typeId] of fwds)
      if (!state.grafts.has(loweredId) && !taken.has(loweredId)) taken.set(loweredId, typeId);
    const grafter = grafterOf({ ...state, grafts: new Map([...state.grafts, ...taken]) }, builder);
    const loweredOf = new Map(fwds.map(([loweredId, typeId]) => [typeId, loweredId]));
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const record = grafter?.transplant(loweredOf.get(typeId) ?? 0);
      if (record === undefined) return undefined;
      builder.replace(typeId, record);
      return "completed it from DWARF";
    });
    return { state: { ...state, btf: builder.finish(), grafts: grafter?.grafts() ?? state.grafts }, done };
  },
};

/**
 * The BTF with these references leading to themselves, as nothing else does: what is grafted must not reuse one for the place that it
 * leads to only until it is rebound.
 */
function withoutTargets(btf: Btf, ids: ReadonlyMap<number, number>): Btf {
  const types = btf.types.map((type, index) => {
    const id = btf.firstId + index;
    return ids.has(id) && "type" in type ? { ...type, type: id } : type;
  });
  return { ...btf, types };
}

/** T10: the reference leads to the type that DWARF gives. */
export const rebindReferences: Fix = {
  rules: [boundByName],
  summary: (count) => `${counted(count, "pointer")} rebound`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const wanted = new Map(misbindings(state).map(({ typeId, loweredId }) => [typeId, loweredId]));
    const grafter = grafterOf({ ...state, btf: withoutTargets(state.btf, wanted) }, builder);
    const done = findings.map(({ target: { typeId = 0 } }) => {
      const type = builder.get(typeId);
      const loweredId = wanted.get(typeId);
      if (grafter === undefined || loweredId === undefined || type === undefined || !("type" in type)) return undefined;
      builder.replace(typeId, { ...type, type: grafter.graft(loweredId) });
      return "pointed it at the type that DWARF gives";
    });
    return { state: { ...state, btf: builder.finish(), grafts: grafter?.grafts() ?? state.grafts }, done };
  },
};
