import { idCount, idWord, malformedType } from "./graph.ts";
import { IN_PROGRESS, isMapped, type Mapping, resolve } from "./mapping.ts";
import { mapEqual } from "./primitives.ts";

/**
 * Maps pointers, modifiers, arrays, functions and tags, the types at their end first: with its references replaced by canonical
 * ones, each is equal word for word to its duplicates. Mirrors libbpf's `btf_dedup_ref_types`. Error: `BTF_MALFORMED` for a
 * circle that runs through no struct, union or typedef.
 */
export function mapReferring(mapping: Mapping): void {
  const { lastId } = mapping.graph;
  for (let id = 1; id <= lastId; id++) if (!isMapped(mapping, id)) mapWithTargets(mapping, id);
}

function mapWithTargets(mapping: Mapping, from: number): void {
  const { graph, map } = mapping;
  const { words } = graph;
  // What is being mapped, each the target of the one before, and how many of the references of each are done.
  const path = [from];
  const done = [0];
  map[from] = IN_PROGRESS;
  for (let id = path.at(-1); id !== undefined; id = path.at(-1)) {
    const index = done.at(-1) ?? 0;
    if (index === idCount(graph, id)) {
      mapEqual(mapping, id);
      path.pop();
      done.pop();
      continue;
    }
    const word = idWord(graph, id, index);
    const target = words[word] ?? 0;
    if (map[target] === IN_PROGRESS) malformedType(graph.btf, id, "is its own target, through no struct or typedef");
    if (isMapped(mapping, target)) {
      words[word] = resolve(mapping, target);
      done[done.length - 1] = index + 1;
    } else {
      map[target] = IN_PROGRESS;
      path.push(target);
      done.push(0);
    }
  }
}
