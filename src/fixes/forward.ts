import { BtfBuilder } from "../btf/builder.ts";
import { boundByName, misbindings } from "../rules/btf/bound-by-name.ts";
import { definitionOf, forwardIncomplete } from "../rules/btf/forward.ts";
import type { Diagnostic } from "../rules/rule.ts";
import type { ObjectState } from "../rules/state.ts";
import { counted, type Fix, type FixStep } from "./fix.ts";
import { grafterOf } from "./graft.ts";
import { withoutMisbound } from "./misbound.ts";

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

/** T10: the reference leads to the type that DWARF gives. */
export const rebindReferences: Fix = {
  rules: [boundByName],
  summary: (count) => `${counted(count, "pointer")} rebound`,
  apply(state: ObjectState, findings: readonly Diagnostic[]): FixStep {
    const builder = new BtfBuilder(state.btf);
    const wanted = new Map(misbindings(state).map(({ typeId, loweredId }) => [typeId, loweredId]));
    const grafter = grafterOf(withoutMisbound(state), builder);
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
