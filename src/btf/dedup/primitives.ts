import { KIND_NUMBER } from "../model.ts";
import { compatibleEnums, hashEnum, hashWords, isEnum, isEnumForward, sameWords } from "./compare.ts";
import type { Mapping } from "./mapping.ts";

const { int: INT, float: FLOAT, fwd: FWD } = KIND_NUMBER;

/**
 * Maps the types that refer to nothing: INT, FLOAT, ENUM, ENUM64 and FWD. Mirrors libbpf's `btf_dedup_prim_types`: equal ones
 * are one, and an enum that is only declared is the defined one of its name, whichever comes first.
 */
export function mapPrimitives(mapping: Mapping): void {
  const { graph } = mapping;
  for (let id = 1; id <= graph.lastId; id++) {
    const kind = graph.kinds[id] ?? 0;
    if (isEnum(kind)) mapEnum(mapping, id);
    else if (kind === INT || kind === FLOAT || kind === FWD) mapEqual(mapping, id);
  }
}

/** Maps a type whose references, if it has any, are canonical, to an equal one or to itself. */
export function mapEqual({ graph, map, table, work }: Mapping, id: number): void {
  const hash = hashWords(graph, id);
  for (let candidate = table.first(hash); candidate !== 0; candidate = table.after(candidate)) {
    work.spend(1);
    if (!sameWords(graph, id, candidate)) continue;
    map[id] = candidate;
    return;
  }
  map[id] = id;
  table.add(hash, id);
}

function mapEnum({ graph, map, table, work }: Mapping, id: number): void {
  const hash = hashEnum(graph, id);
  for (let candidate = table.first(hash); candidate !== 0; candidate = table.after(candidate)) {
    work.spend(1);
    if (sameWords(graph, id, candidate)) {
      map[id] = candidate;
      return;
    }
    if (!compatibleEnums(graph, id, candidate)) continue;
    if (isEnumForward(graph, id)) {
      map[id] = candidate;
      return;
    }
    // The candidate was only declared so far.
    map[candidate] = id;
  }
  map[id] = id;
  table.add(hash, id);
}
