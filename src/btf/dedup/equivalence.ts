import { KIND_NUMBER } from "../model.ts";
import { INFO, KIND_FLAG, NAME } from "./columns.ts";
import { compatibleEnums, isEnum, sameShape } from "./compare.ts";
import { idCount, idWord, malformedType, type TypeGraph } from "./graph.ts";
import { identical } from "./identical.ts";
import { isMapped, type Mapping, resolve, UNMAPPED } from "./mapping.ts";

const { array: ARRAY, struct: STRUCT, union: UNION, fwd: FWD } = KIND_NUMBER;
const { var: VAR, datasec: DATASEC, declTag: DECL_TAG } = KIND_NUMBER;

/**
 * Asks whether the graph of types below a type is the same as that below a canonical one. Mirrors libbpf's `btf_dedup_is_equiv`
 * and `btf_dedup_merge_hypot_map`, with a stack in place of recursion.
 *
 * Both graphs are walked side by side. Where records agree, their types are supposed to be equal, and what is below them is
 * walked; a type of the canonical graph that would have to be two types of the other is a contradiction, unless these two are
 * `identical`. A FWD agrees with a struct or union of its name, on either side.
 */
export class Equivalence {
  private readonly mapping: Mapping;
  /** By canonical id, what it is supposed to be in the other graph. */
  private readonly supposed: Uint32Array;
  /** The canonical ids of which something is supposed, in the order of the walk, each once. */
  private readonly walked: Uint32Array;
  private walkedCount = 0;
  /** Pairs that are still to be walked, up to `height`: what lies above is left there, since arrays are slow to shrink. */
  private readonly stack: number[] = [];
  private height = 0;

  constructor(mapping: Mapping) {
    this.mapping = mapping;
    this.supposed = new Uint32Array(mapping.graph.lastId + 1).fill(UNMAPPED);
    this.walked = new Uint32Array(mapping.graph.lastId + 1);
  }

  /** Walks both graphs. Error: `BTF_MALFORMED` if a VAR, DATASEC or DECL_TAG is below them, which are no types of values. */
  holds(type: number, canonical: number): boolean {
    const { stack, supposed, walked } = this;
    while (this.walkedCount > 0) supposed[walked[--this.walkedCount] ?? 0] = UNMAPPED;
    this.height = 0;
    this.push(type, canonical);
    while (this.height > 0) {
      this.height -= 2;
      if (!this.agree(stack[this.height] ?? 0, stack[this.height + 1] ?? 0)) return false;
    }
    return true;
  }

  /**
   * After `holds` was true: takes what was supposed for certain where it may be. FWDs on either side become the struct they agreed
   * with; structs and unions become those that they agreed with if these are canonical.
   */
  accept(): void {
    const { mapping, supposed } = this;
    const { graph, map } = mapping;
    for (let index = 0; index < this.walkedCount; index++) {
      const canonical = this.walked[index] ?? 0;
      const type = resolve(mapping, supposed[canonical] ?? 0);
      const target = resolve(mapping, canonical);
      const kind = graph.kinds[type] ?? 0;
      const targetIsFwd = graph.kinds[target] === FWD;
      if (targetIsFwd && kind !== FWD) map[target] = type;
      else if (!targetIsFwd && kind === FWD) map[type] = target;
      else if (
        !targetIsFwd &&
        (kind === STRUCT || kind === UNION) &&
        isMapped(mapping, target) &&
        !isMapped(mapping, type)
      ) {
        map[type] = target;
      }
    }
  }

  private agree(type: number, canonical: number): boolean {
    const { mapping, supposed } = this;
    const { graph, work } = mapping;
    work.spend(1);
    if (resolve(mapping, type) === resolve(mapping, canonical)) return true;
    const target = this.throughFwd(canonical);
    const before = supposed[target] ?? UNMAPPED;
    if (before !== UNMAPPED) return before === type || identical(graph, before, type, work);
    supposed[target] = type;
    this.walked[this.walkedCount++] = target;

    const { words, start, kinds } = graph;
    const at = start[type] ?? 0;
    const targetAt = start[target] ?? 0;
    if (words[at + NAME] !== words[targetAt + NAME]) return false;
    const kind = kinds[type] ?? 0;
    const targetKind = kinds[target] ?? 0;
    if (kind !== targetKind) {
      if (kind === FWD) return declaredKind(words[at + INFO] ?? 0) === targetKind;
      return targetKind === FWD && declaredKind(words[targetAt + INFO] ?? 0) === kind;
    }
    if (isEnum(kind)) return compatibleEnums(graph, type, target);
    if (kind === VAR || kind === DATASEC || kind === DECL_TAG)
      malformedType(graph.btf, type, "is used as the type of a value");
    if (!sameShape(graph, type, target)) return false;
    this.pushIds(graph, kind, type, target);
    return true;
  }

  /** The struct or union that a canonical FWD stands for by now, else the id itself. */
  private throughFwd(id: number): number {
    const { kinds } = this.mapping.graph;
    if (kinds[id] !== FWD) return id;
    const target = resolve(this.mapping, id);
    return kinds[target] === FWD ? id : target;
  }

  /**
   * What is below both, so that it comes off the stack in the order of libbpf's walk: that of the words, but an ARRAY's index
   * first.
   */
  private pushIds(graph: TypeGraph, kind: number, type: number, target: number): void {
    const { words } = graph;
    const count = idCount(graph, type);
    this.mapping.work.spend(count);
    for (let left = count - 1; left >= 0; left--) {
      const index = kind === ARRAY ? count - 1 - left : left;
      this.push(words[idWord(graph, type, index)] ?? 0, words[idWord(graph, target, index)] ?? 0);
    }
  }

  private push(type: number, canonical: number): void {
    this.stack[this.height++] = type;
    this.stack[this.height++] = canonical;
  }
}

/** The kind that a FWD with this info word declares. */
function declaredKind(info: number): number {
  return info >= KIND_FLAG ? UNION : STRUCT;
}
