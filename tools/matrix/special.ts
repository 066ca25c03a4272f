import { Draft, KIND } from "../../test/rules/kernel/draft.ts";
import type { Random } from "../../test/rules/kernel/random.ts";
import { specialStruct } from "../../test/rules/kernel/special-cases.ts";
import type { MatrixBlob } from "./blobs.ts";

/*
 * Structs with special fields, in which releases differ most: how far owners own owners, how deep structs are nested, which tags make a
 * kernel pointer. What each kernel says of them is for it to tell.
 */

const TREE = { head: "bpf_rb_root", node: "bpf_rb_node", nodeSize: 32 } as const;
const LIST = { head: "bpf_list_head", node: "bpf_list_node", nodeSize: 24 } as const;

/** Structs in a row of which each owns the next, and sometimes the last owns one before it. */
function owners(random: Random): Draft {
  const draft = new Draft();
  const lock = specialStruct(draft, "bpf_spin_lock", 4);
  const refcount = specialStruct(draft, "bpf_refcount", 4);
  const kinds = [LIST, TREE].map((kind) => ({
    ...kind,
    headId: specialStruct(draft, kind.head, 16),
    nodeId: specialStruct(draft, kind.node, kind.nodeSize),
  }));
  const count = 2 + random.below(random.chance(50) ? 4 : 12);
  const isCycle = random.chance(25);
  const order = random.chance(50);
  const levels = Array.from({ length: count }, () => random.pick(kinds));
  const build = (level: number): void => {
    const kind = levels[level];
    const above = levels[level - 1];
    if (kind === undefined) return;
    const members: [string, number, number][] = [["l", lock, 0]];
    if (random.chance(15)) members.push(["r", refcount, 32]);
    if (above !== undefined || isCycle) members.push(["n", (above ?? kind).nodeId, 64]);
    const isOwner = level + 1 < count || isCycle;
    if (isOwner) members.push(["h", kind.headId, 320]);
    const id = draft.struct(`s${level}`, 56, members);
    const owned = level + 1 < count ? level + 1 : random.below(count);
    if (isOwner) draft.add(KIND.declTag, { name: `contains:s${owned}:n`, word: id, words: [members.length - 1] });
  };
  for (let index = 0; index < count; index++) build(order ? index : count - 1 - index);
  return draft;
}

/** A lock so many structs, or arrays of one, below another. */
function nested(random: Random): Draft {
  const draft = new Draft();
  const int = draft.int();
  const lock = specialStruct(draft, "bpf_spin_lock", 4);
  let inner = draft.struct("", 4, [["l", lock, 0]]);
  for (let depth = random.chance(30) ? random.below(6) : 26 + random.below(10); depth > 0; depth--) {
    if (random.chance(10)) inner = draft.add(KIND.array, { words: [inner, int, 1] });
    inner = draft.struct("", 8, [["s", inner, 0]]);
  }
  draft.struct("outer", 16, [["s", inner, 0], ...(random.chance(50) ? ([["l", lock, 64]] as const) : [])]);
  return draft;
}

const TAGS = ["kptr", "kptr_untrusted", "percpu_kptr", "uptr", "odd", "rcu", "user", "kptr_ref"];

/** A pointer with tags and modifiers in a struct with a lock. */
function tagged(random: Random): Draft {
  const draft = new Draft();
  const int = draft.int();
  const lock = specialStruct(draft, "bpf_spin_lock", 4);
  const targets = [
    () => int,
    () => 0,
    () => draft.struct("made_up_here", 4, []),
    () => draft.composite(KIND.union, "made_up_union", 4, []),
    () => draft.add(KIND.fwd, { name: "made_up_forward" }),
    () => draft.proto(0, []),
    () => draft.add(KIND.ptr, { word: int }),
  ];
  let target = random.pick(targets)();
  for (let count = random.below(4); count > 0; count--) {
    if (random.chance(30)) target = draft.add(random.pick([KIND.const, KIND.volatile]), { word: target });
    else target = draft.add(KIND.typeTag, { name: random.pick(TAGS), word: target, flag: random.chance(10) });
  }
  let pointer = draft.add(KIND.ptr, { word: target });
  if (random.chance(20)) pointer = draft.add(KIND.typedef, { name: "pointer", word: pointer });
  if (random.chance(20)) pointer = draft.add(KIND.array, { words: [pointer, int, 1 + random.below(3)] });
  draft.struct("s", 64, [
    ["l", lock, 0],
    ["p", pointer, random.chance(90) ? 64 : 96],
  ]);
  return draft;
}

const MAKERS = { owners, nested, tagged } as const;

/** One of any sort. */
export function specialBlob(random: Random): MatrixBlob {
  const [origin, make] = random.pick(Object.entries(MAKERS));
  return { origin, blob: make(random).blob() };
}

/** So many in all. */
export function specialBlobs(random: Random, count: number): readonly MatrixBlob[] {
  return Array.from({ length: count }, () => specialBlob(random));
}
