import type { BtfType } from "../btf/model.ts";

/** References that a type cannot be laid out without (`value`), or that the kernel follows in one go (`pointer`: env_stack_push). */
type Following = "value" | "pointer";

/**
 * Cuts chains that lead into themselves: a record that holds itself by value, an array of itself, a typedef or pointer chain without
 * end. No compiler makes them; DWARF can say them, and whoever follows such a chain would never come back. The reference that closes
 * the loop becomes void. `types[0]` has id `firstId`; older types are known to be free of loops. Linear in types and references.
 */
export function cutLoops(types: readonly BtfType[], firstId: number): BtfType[] {
  const cut = [...types];
  for (const following of ["value", "pointer"] as const) {
    for (const [index, edges] of closingEdges(cut, firstId, following)) {
      const type = cut[index];
      if (type !== undefined) cut[index] = without(type, edges);
    }
  }
  return cut;
}

function targets(type: BtfType | undefined, following: Following): readonly number[] {
  switch (type?.kind) {
    case "typedef":
    case "const":
    case "volatile":
    case "restrict":
    case "typeTag":
      return [type.type];
    case "ptr":
      return following === "pointer" ? [type.type] : [];
    case "array":
      return following === "value" ? [type.type] : [];
    case "struct":
    case "union":
      return following === "value" ? type.members.map((member) => member.type) : [];
    default:
      return [];
  }
}

/** Depth-first walk: per type, the positions of the references that lead to a type still on the path. */
function closingEdges(types: readonly BtfType[], firstId: number, following: Following): Map<number, Set<number>> {
  const closing = new Map<number, Set<number>>();
  const state = new Uint8Array(types.length);
  const onPath = 1;
  const done = 2;
  for (let root = 0; root < types.length; root++) {
    if (state[root] !== 0) continue;
    state[root] = onPath;
    const path = [{ index: root, edges: targets(types[root], following), at: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = top.at++;
      const target = top.edges[edge];
      if (target === undefined) {
        state[top.index] = done;
        path.pop();
        continue;
      }
      const next = target - firstId;
      if (next < 0 || next >= types.length || state[next] === done) continue;
      if (state[next] === onPath) {
        const known = closing.get(top.index);
        if (known === undefined) closing.set(top.index, new Set([edge]));
        else known.add(edge);
        continue;
      }
      state[next] = onPath;
      path.push({ index: next, edges: targets(types[next], following), at: 0 });
    }
  }
  return closing;
}

function without(type: BtfType, edges: ReadonlySet<number>): BtfType {
  switch (type.kind) {
    case "struct":
    case "union":
      return { ...type, members: type.members.map((member, i) => (edges.has(i) ? { ...member, type: 0 } : member)) };
    case "typedef":
    case "const":
    case "volatile":
    case "restrict":
    case "typeTag":
    case "ptr":
    case "array":
      return { ...type, type: 0 };
    default:
      return type;
  }
}
