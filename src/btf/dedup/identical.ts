import { KIND_NUMBER } from "../model.ts";
import { compatibleEnums, isEnum, sameShape } from "./compare.ts";
import { idCount, idWord, type TypeGraph } from "./graph.ts";
import type { Work } from "./mapping.ts";

const { array: ARRAY, struct: STRUCT, union: UNION, funcProto: FUNC_PROTO, declTag: DECL_TAG } = KIND_NUMBER;
const { var: VAR, datasec: DATASEC } = KIND_NUMBER;

/** How deep members and parameters are followed. */
const DEPTH = 16;

/**
 * True if two types of one unit are the same type laid out twice, as compilers do with arrays, anonymous structs and pointers to
 * them. Mirrors libbpf 1.7's `btf_dedup_identical_types`: members and parameters are followed 16 deep, past which nothing is
 * identical; and the elements of two arrays of one length are taken to be identical unseen.
 */
export function identical(graph: TypeGraph, first: number, second: number, work: Work): boolean {
  const { words, kinds } = graph;
  const stack = [first, second, DEPTH];
  // The depth at which a pair was last looked at: looking again at the same or a greater one finds nothing new.
  const seen = new Map<number, number>();
  for (let depth = stack.pop(); depth !== undefined; depth = stack.pop()) {
    const b = stack.pop() ?? 0;
    const a = stack.pop() ?? 0;
    work.spend(1);
    const kind = kinds[a] ?? 0;
    if (depth <= 0 || kind !== kinds[b]) return false;
    if (kind === 0) continue;
    if (isEnum(kind)) {
      if (!compatibleEnums(graph, a, b)) return false;
      continue;
    }
    if (kind === VAR || kind === DATASEC || kind === DECL_TAG || !sameShape(graph, a, b)) return false;
    if (kind === ARRAY) continue;
    const count = idCount(graph, a);
    if (count === 0) continue;
    const pair = a * (graph.lastId + 1) + b;
    if ((seen.get(pair) ?? DEPTH + 1) <= depth) continue;
    seen.set(pair, depth);
    work.spend(count);
    const isComposite = kind === STRUCT || kind === UNION || kind === FUNC_PROTO;
    for (let index = 0; index < count; index++) {
      const left = words[idWord(graph, a, index)] ?? 0;
      const right = words[idWord(graph, b, index)] ?? 0;
      if (!isComposite) stack.push(left, right, depth);
      else if (left !== right) stack.push(left, right, depth - 1);
    }
  }
  return true;
}
