import { KIND_NUMBER } from "../model.ts";
import { hashShape, sameShape } from "./compare.ts";
import { Equivalence } from "./equivalence.ts";
import { isMapped, type Mapping } from "./mapping.ts";

const { struct: STRUCT, union: UNION, typedef: TYPEDEF } = KIND_NUMBER;

/**
 * Maps structs, unions and typedefs, the types through which graphs run in circles, each to the first candidate of its shape whose
 * graph is the same, or to itself. FWDs of both graphs get their struct on the way. Mirrors libbpf's `btf_dedup_struct_types`.
 */
export function mapStructs(mapping: Mapping): void {
  const { graph, map, table, work } = mapping;
  const equivalence = new Equivalence(mapping);
  for (let id = 1; id <= graph.lastId; id++) {
    const kind = graph.kinds[id];
    if ((kind !== STRUCT && kind !== UNION && kind !== TYPEDEF) || isMapped(mapping, id)) continue;
    const hash = hashShape(graph, id);
    let candidate = table.first(hash);
    while (candidate !== 0) {
      work.spend(1);
      // The shape is looked at before the walk, which would also let a struct agree with a FWD.
      if (sameShape(graph, id, candidate) && equivalence.holds(id, candidate)) break;
      candidate = table.after(candidate);
    }
    if (candidate === 0) {
      map[id] = id;
      table.add(hash, id);
    } else {
      equivalence.accept();
      map[id] = candidate;
    }
  }
}
