import { misbindings } from "../rules/btf/bound-by-name.ts";
import type { ObjectState } from "../rules/state.ts";

/**
 * The state with misbound references leading to themselves, as nothing else does: what is grafted must not reuse one for the place that
 * it leads to only until it is rebound.
 */
export function withoutMisbound(state: ObjectState): ObjectState {
  const misbound = new Set(misbindings(state).map(({ typeId }) => typeId));
  if (misbound.size === 0) return state;
  const { btf } = state;
  const types = btf.types.map((type, index) => {
    const id = btf.firstId + index;
    return misbound.has(id) && "type" in type ? { ...type, type: id } : type;
  });
  return { ...state, btf: { ...btf, types } };
}
