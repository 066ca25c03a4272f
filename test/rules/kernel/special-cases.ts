import type { Case } from "./cases.ts";
import { type Draft, KIND } from "./draft.ts";

const ALL = 0xffff_ffff;

/** A struct of so many bytes, as the kernel knows some by name. */
export function specialStruct(draft: Draft, name: string, size: number): number {
  const int = draft.int();
  const array = draft.add(KIND.array, { words: [int, int, size / 4] });
  return draft.struct(name, size, [["opaque", array, 0]]);
}

const lock = (draft: Draft): number => specialStruct(draft, "bpf_spin_lock", 4);
const head = (draft: Draft): number => specialStruct(draft, "bpf_list_head", 16);
const node = (draft: Draft): number => specialStruct(draft, "bpf_list_node", 24);

function tag(draft: Draft, text: string, struct: number, member: number): void {
  draft.add(KIND.declTag, { name: text, word: struct, words: [member] });
}

/** A struct with lock and list, whose DECL_TAG says `text`, and the struct that it is right to name: `contains:item:n`. */
function list(draft: Draft, text: string): number {
  const owner = draft.struct("owner", 24, [
    ["l", lock(draft), 0],
    ["h", head(draft), 64],
  ]);
  draft.struct("item", 24, [["n", node(draft), 0]]);
  tag(draft, text, owner, 1);
  return owner;
}

/** Special fields, KZ: the first struct of each name counts, so each case brings its own. */
export const specialCases: Readonly<Record<string, Case>> = {
  "KZ-01": (draft, broken, random) => {
    const type = lock(draft);
    if (random.chance(50)) {
      draft.struct("s", 8, [["a", type, 0], ...(broken ? ([["b", type, 32]] as const) : [])]);
      return;
    }
    const pointer = draft.add(KIND.ptr, {
      word: draft.add(KIND.typeTag, { name: "kptr_untrusted", word: draft.struct("made_up_here", 4, []) }),
    });
    const array = draft.add(KIND.array, { words: [pointer, draft.int(), broken ? 12 : 11] });
    draft.struct("s", 96, [["p", array, 0]]);
    draft.struct("t", 8, [["p", pointer, 0]]);
    draft.struct("u", 104, [["p", pointer, 0], ...(broken ? ([["q", array, 64]] as const) : [])]);
  },
  "KZ-02": (draft, broken, random) => {
    if (random.chance(50)) draft.struct("s", 8, [["a", specialStruct(draft, "bpf_spin_lock", broken ? 8 : 4), 0]]);
    else draft.struct("s", 8, [["a", lock(draft), broken ? 16 : 32]]);
  },
  "KZ-03": (draft, broken, random) => {
    const wrong = ["contains:item", "contains:none:n", "contains:item:m", "contains:item:", "other", "contains::n"];
    const isTwice = broken && random.chance(20);
    const owner = list(draft, broken && !isTwice ? random.pick(wrong) : "contains:item:n");
    tag(draft, "contains:item:n", owner, isTwice ? 1 : ALL);
  },
  "KZ-04": (draft, broken) =>
    void draft.struct(
      "s",
      12,
      [
        ["a", lock(draft), 0],
        ["b", draft.int(), 2 ** 24 + (broken ? 33 : 40)],
      ],
      true,
    ),
  "KZ-05": (draft, broken, random) => {
    if (random.chance(50)) {
      const owner = draft.struct("owner", 24, [
        ["h", head(draft), 0],
        ...(broken ? [] : ([["l", lock(draft), 128]] as const)),
      ]);
      draft.struct("item", 24, [["n", node(draft), 0]]);
      tag(draft, "contains:item:n", owner, 0);
      return;
    }
    draft.struct("s", 64, [
      ["n", node(draft), 0],
      ["m", specialStruct(draft, "bpf_rb_node", 32), 192],
      ...(broken ? [] : ([["r", specialStruct(draft, "bpf_refcount", 4), 448]] as const)),
    ]);
  },
  "KZ-06": (draft, broken) => {
    const [l, h, n] = [lock(draft), head(draft), node(draft)];
    const both = (name: string, owned: string, isOwner: boolean): void => {
      const id = draft.struct(name, 48, [["n", n, 0], ["l", l, 192], ...(isOwner ? ([["h", h, 256]] as const) : [])]);
      if (isOwner) tag(draft, `contains:${owned}:n`, id, 2);
    };
    both("upper", "middle", true);
    both("middle", "lower", broken);
    both("lower", "", false);
  },
  "KZ-07": (draft, broken, random) => {
    const target = broken && random.chance(40) ? draft.int() : draft.struct("made_up_here", 4, []);
    const text = broken ? random.pick(["odd", "kptr "]) : random.pick(["kptr_untrusted", "kptr", "percpu_kptr"]);
    const pointer = draft.add(KIND.ptr, { word: draft.add(KIND.typeTag, { name: text, word: target }) });
    draft.struct("s", 16, [
      ["l", lock(draft), 0],
      ["p", pointer, 64],
    ]);
  },
};
