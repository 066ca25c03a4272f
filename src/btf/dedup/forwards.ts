import { KIND_NUMBER } from "../model.ts";
import { INFO, KIND_FLAG } from "./columns.ts";
import type { Mapping } from "./mapping.ts";

const { struct: STRUCT, union: UNION, fwd: FWD } = KIND_NUMBER;
const AMBIGUOUS = 0;

/**
 * Maps each FWD that is left to the struct or union of its name if there is just one with that name. Mirrors libbpf's
 * `btf_dedup_resolve_fwds`.
 */
export function mapForwards({ graph, map }: Mapping): void {
  const { words, start, kinds, lastId } = graph;
  const byName = new Map<number, number>();
  const name = (id: number): number => words[start[id] ?? 0] ?? 0;
  for (let id = 1; id <= lastId; id++) {
    if ((kinds[id] !== STRUCT && kinds[id] !== UNION) || map[id] !== id) continue;
    byName.set(name(id), byName.has(name(id)) ? AMBIGUOUS : id);
  }
  for (let id = 1; id <= lastId; id++) {
    if (kinds[id] !== FWD || map[id] !== id) continue;
    const target = byName.get(name(id)) ?? AMBIGUOUS;
    if (target === AMBIGUOUS) continue;
    const wanted = (words[(start[id] ?? 0) + INFO] ?? 0) >= KIND_FLAG ? UNION : STRUCT;
    if (kinds[target] === wanted) map[id] = target;
  }
}
