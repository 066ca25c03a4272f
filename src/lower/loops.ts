import { type BtfKind, type BtfMember, type BtfType, KIND_NUMBER } from "../btf/model.ts";
import { ELEMENT_WORD, MEMBER_SIZE, MEMBER_TYPE_WORD, TYPE_WORD, type TypeRecords } from "../btf/type-records.ts";

/** References that a type cannot be laid out without (`value`), or that the kernel follows in one go (`pointer`: env_stack_push). */
type Following = "value" | "pointer";

/** Types by index, and what each refers to by value or on the way of a pointer. */
export interface TypeGraph {
  readonly count: number;
  /** Id of the type with index 0. */
  readonly firstId: number;
  kind(index: number): BtfKind | undefined;
  /** Number of members. */
  vlen(index: number): number;
  /** Id that the type's reference, or that of member number `edge`, leads to. */
  target(index: number, edge: number): number;
  /** Makes that reference one to void. */
  cut(index: number, edge: number): void;
}

/**
 * Cuts chains that lead into themselves: a record that holds itself by value, an array of itself, a typedef or pointer chain without
 * end. No compiler makes them; DWARF can say them, and whoever follows such a chain would never come back. The reference that closes
 * the loop becomes void. Types older than the first are known to be free of loops. Linear in types and references.
 */
export function cutLoops(graph: TypeGraph): void {
  for (const following of ["value", "pointer"] as const) cutClosing(graph, following);
}

/** Number of references that are followed from a type of this kind. */
function edgesOf(graph: TypeGraph, index: number, following: Following): number {
  switch (graph.kind(index)) {
    case "typedef":
    case "const":
    case "volatile":
    case "restrict":
    case "typeTag":
      return 1;
    case "ptr":
      return following === "pointer" ? 1 : 0;
    case "array":
      return following === "value" ? 1 : 0;
    case "struct":
    case "union":
      return following === "value" ? graph.vlen(index) : 0;
    default:
      return 0;
  }
}

/** Depth-first walk: a reference that leads to a type still on the path is cut. */
function cutClosing(graph: TypeGraph, following: Following): void {
  const { count, firstId } = graph;
  const state = new Uint8Array(count);
  const onPath = 1;
  const done = 2;
  // The path in three columns: a type, how many references it has, and which comes next.
  const path: number[] = [];
  const edges: number[] = [];
  const nexts: number[] = [];
  for (let root = 0; root < count; root++) {
    if (state[root] !== 0) continue;
    let index = root;
    let end = edgesOf(graph, root, following);
    let edge = 0;
    state[root] = onPath;
    for (;;) {
      if (edge === end) {
        state[index] = done;
        if (path.length === 0) break;
        index = path.pop() ?? 0;
        end = edges.pop() ?? 0;
        edge = nexts.pop() ?? 0;
        continue;
      }
      const next = graph.target(index, edge) - firstId;
      edge++;
      if (next < 0 || next >= count || state[next] === done) continue;
      if (state[next] === onPath) {
        graph.cut(index, edge - 1);
        continue;
      }
      path.push(index);
      edges.push(end);
      nexts.push(edge);
      state[next] = onPath;
      index = next;
      end = edgesOf(graph, next, following);
      edge = 0;
    }
  }
}

/** Types as objects; a cut replaces one in the list. */
export function graphOfTypes(types: BtfType[], firstId: number): TypeGraph {
  // A record whose members are being cut has a list of its own, copied once.
  const copies = new Map<number, BtfMember[]>();
  return {
    count: types.length,
    firstId,
    kind(index) {
      const kind = types[index]?.kind;
      return kind === "unknown" ? undefined : kind;
    },
    vlen(index) {
      const type = types[index];
      return type?.kind === "struct" || type?.kind === "union" ? type.members.length : 0;
    },
    target(index, edge) {
      const type = types[index];
      if (type?.kind === "struct" || type?.kind === "union") return type.members[edge]?.type ?? 0;
      return type !== undefined && "type" in type ? type.type : 0;
    },
    cut(index, edge) {
      const type = types[index];
      if (type?.kind === "struct" || type?.kind === "union") {
        const members = copies.get(index) ?? [...type.members];
        const member = members[edge];
        if (member !== undefined) members[edge] = { ...member, type: 0 };
        copies.set(index, members);
        types[index] = { ...type, members };
      } else if (type !== undefined && "type" in type) types[index] = { ...type, type: 0 };
    },
  };
}

const KINDS: readonly (BtfKind | undefined)[] = Object.entries(KIND_NUMBER).reduce<(BtfKind | undefined)[]>(
  (table, [kind, number]) => {
    table[number] = kind as BtfKind;
    return table;
  },
  new Array<BtfKind | undefined>(20).fill(undefined),
);

/** Types as records, cut in place. */
export function graphOfRecords(records: TypeRecords): TypeGraph {
  const kind = (index: number): BtfKind | undefined => KINDS[(records.info(index + 1) >>> 24) & 0x1f];
  const place = (index: number, edge: number): number => {
    const of = kind(index);
    if (of === "array") return ELEMENT_WORD;
    return of === "struct" || of === "union" ? MEMBER_TYPE_WORD + edge * MEMBER_SIZE : TYPE_WORD;
  };
  return {
    count: records.count,
    firstId: 1,
    kind,
    vlen: (index) => records.info(index + 1) & 0xffff,
    target: (index, edge) => records.word(index + 1, place(index, edge)),
    cut: (index, edge) => records.setWord(index + 1, place(index, edge), 0),
  };
}
