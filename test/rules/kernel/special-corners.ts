/** Edges of special fields: sizes, places and numbers of them, and what DECL_TAGs name. What each kernel says of them is for it to tell. */
import type { Corner } from "./corner-cases.ts";
import { type Draft, KIND } from "./draft.ts";
import { specialStruct } from "./special-cases.ts";

type Member = readonly [name: string, type: number, offset: number];

const SIZES: Readonly<Record<string, number>> = {
  bpf_spin_lock: 4,
  bpf_res_spin_lock: 4,
  bpf_list_head: 16,
  bpf_list_node: 24,
  bpf_rb_root: 16,
  bpf_rb_node: 32,
  bpf_refcount: 4,
  bpf_timer: 16,
  bpf_wq: 16,
  bpf_task_work: 8,
  bpf_other: 8,
  bpf_: 4,
  bpf_spin_lock_: 4,
  bpf_list_head_of_name: 16,
};

const bytes = (draft: Draft, size: number): number =>
  draft.add(KIND.array, { words: [draft.int(1), draft.int(), size] });

/** A struct whose heads at members 1 and 2 own `item`, where they are ones. */
function owner(draft: Draft, size: number, members: readonly Member[]): void {
  const id = draft.struct("owner", size, members);
  for (const member of [1, 2]) draft.add(KIND.declTag, { name: "contains:item:n", word: id, words: [member] });
}

/** What both kinds of heads own: the first node is right for one of them. */
function item(draft: Draft, node = "bpf_list_node"): void {
  const size = SIZES[node] ?? 4;
  draft.struct("item", size + 8, [["n", specialStruct(draft, node, size), 0]]);
}

const nodeOf = (name: string): string => (name === "bpf_rb_root" ? "bpf_rb_node" : "bpf_list_node");

const fields: readonly Corner[] = Object.entries(SIZES).flatMap(([name, size]): readonly Corner[] => [
  ...[32, 64, 72, 96, 128, 192].map((offset) => ({
    what: `a ${name} at bit ${offset} behind a lock`,
    make(draft: Draft) {
      item(draft, nodeOf(name));
      owner(draft, 64, [
        ["l", specialStruct(draft, "bpf_spin_lock", 4), 0],
        ["f", specialStruct(draft, name, size), offset],
      ]);
    },
  })),
  ...[-4, 4].map((more) => ({
    what: `a ${name} of ${size + more} bytes behind a lock`,
    make(draft: Draft) {
      item(draft, nodeOf(name));
      const type = size + more > 0 ? specialStruct(draft, name, size + more) : draft.struct(name, 0, []);
      owner(draft, 64, [
        ["l", specialStruct(draft, "bpf_spin_lock", 4), 0],
        ["f", type, 64],
      ]);
    },
  })),
  ...[0, 1, 2, 3, 10, 11, 12].map((count) => ({
    what: `${count} of ${name} behind a lock`,
    make(draft: Draft) {
      item(draft, nodeOf(name));
      const type = draft.add(KIND.array, { words: [specialStruct(draft, name, size), draft.int(), count] });
      owner(draft, 512, [
        ["l", specialStruct(draft, "bpf_spin_lock", 4), 0],
        ["f", type, 64],
        ["x", draft.int(), 4000],
      ]);
    },
  })),
  ...[0, 1, 2].map((count) => ({
    what: `${count} structs with ${name}, alone`,
    make(draft: Draft) {
      item(draft, nodeOf(name));
      const type = specialStruct(draft, name, size);
      const inner = draft.struct("inner", 40, [["f", type, 0]]);
      const array = draft.add(KIND.array, { words: [inner, draft.int(), count] });
      draft.struct("outer", 128, [
        ["f", type, 0],
        ["a", array, 256],
      ]);
    },
  })),
  {
    what: `two of ${name} that overlap`,
    make(draft: Draft) {
      item(draft, nodeOf(name));
      const type = specialStruct(draft, name, size);
      owner(draft, 64, [
        ["l", specialStruct(draft, "bpf_spin_lock", 4), 0],
        ["f", type, 64],
        ["g", type, 64],
      ]);
    },
  },
  {
    what: `two of ${name} without a lock`,
    make(draft: Draft) {
      item(draft, nodeOf(name));
      const type = specialStruct(draft, name, size);
      owner(draft, 80, [
        ["x", draft.int(), 0],
        ["f", type, 64],
        ["g", type, 320],
      ]);
    },
  },
  {
    what: `a ${name} behind a resilient lock`,
    make(draft: Draft) {
      item(draft, nodeOf(name));
      owner(draft, 64, [
        ["l", specialStruct(draft, "bpf_res_spin_lock", 4), 0],
        ["f", specialStruct(draft, name, size), 64],
      ]);
    },
  },
  ...[KIND.union, KIND.typedef, KIND.enum, KIND.float, KIND.int, KIND.const].map((kind) => ({
    what: `kind ${kind} called ${name}, behind a lock`,
    make(draft: Draft) {
      item(draft, nodeOf(name));
      const type = specialStruct(draft, name, size);
      const words = kind === KIND.int ? [32] : [];
      const word = kind === KIND.typedef || kind === KIND.const ? type : kind === KIND.union ? size : 4;
      const other = draft.add(kind, { name: kind === KIND.const ? "" : name, word, words });
      owner(draft, 64, [
        ["l", specialStruct(draft, "bpf_spin_lock", 4), 0],
        ["f", other, 64],
      ]);
    },
  })),
]);

/** What a DECL_TAG says, and of which member, with the item that it may name. */
function listed(draft: Draft, tags: readonly (readonly [string, number])[], makeItem: (draft: Draft) => void): void {
  const lock = specialStruct(draft, "bpf_spin_lock", 4);
  const id = draft.struct("owner", 24, [
    ["l", lock, 0],
    ["h", specialStruct(draft, "bpf_list_head", 16), 64],
  ]);
  makeItem(draft);
  for (const [name, member] of tags) draft.add(KIND.declTag, { name, word: id, words: [member >>> 0] });
}

const TAGS: readonly (readonly (readonly [string, number])[])[] = [
  [],
  [["contains:item:n", 1]],
  [["contains:item:n", 0]],
  [["contains:item:n", -1]],
  [["contains:item:n:n", 1]],
  [["contains:item", 1]],
  [["contains:", 1]],
  [["contains::", 1]],
  [["contains::n", 1]],
  [["contains:item:", 1]],
  [["contains:item:(anon)", 1]],
  [["contains:(anon):n", 1]],
  [["contains", 1]],
  [["Contains:item:n", 1]],
  [["xcontains:item:n", 1]],
  [["contains:ite:n", 1]],
  [["contains:items:n", 1]],
  [["contains:item:nn", 1]],
  [
    ["contains:item:n", 1],
    ["contains:item:n", 1],
  ],
  [
    ["contains:item:n", 1],
    ["contains:", 1],
  ],
  [
    ["other", 1],
    ["contains:item:n", 1],
  ],
  [
    ["contains:item:n", 0],
    ["contains:item:n", 1],
  ],
];

const node = (draft: Draft): number => specialStruct(draft, "bpf_list_node", 24);

const ITEMS: Readonly<Record<string, (draft: Draft) => void>> = {
  "with its node": (draft) => void draft.struct("item", 24, [["n", node(draft), 0]]),
  "with its node last": (draft) =>
    void draft.struct("item", 32, [
      ["m", draft.int(), 0],
      ["n", node(draft), 64],
    ]),
  "with its node before others": (draft) =>
    void draft.struct("item", 32, [
      ["n", node(draft), 0],
      ["m", draft.int(), 192],
    ]),
  "with a nameless node": (draft) => void draft.struct("item", 24, [["", node(draft), 0]]),
  "with two nodes of the name": (draft) => {
    const type = node(draft);
    draft.struct("item", 48, [
      ["n", type, 0],
      ["n", type, 192],
    ]);
  },
  "with an INT of the name": (draft) => void draft.struct("item", 24, [["n", draft.int(), 0]]),
  "with a tree's node": (draft) => void draft.struct("item", 32, [["n", specialStruct(draft, "bpf_rb_node", 32), 0]]),
  "with a lock of the name": (draft) =>
    void draft.struct("item", 32, [["n", specialStruct(draft, "bpf_spin_lock", 4), 0]]),
  "with a TYPEDEF of its node": (draft) =>
    void draft.struct("item", 24, [["n", draft.add(KIND.typedef, { name: "t", word: node(draft) }), 0]]),
  "with an ARRAY of its node": (draft) =>
    void draft.struct("item", 24, [["n", draft.add(KIND.array, { words: [node(draft), draft.int(), 1] }), 0]]),
  "with a node at byte 4": (draft) => void draft.struct("item", 32, [["n", node(draft), 32]]),
  "with a node at byte 8": (draft) => void draft.struct("item", 32, [["n", node(draft), 64]]),
  "with a node and kind_flag": (draft) => void draft.struct("item", 32, [["n", node(draft), 64]], true),
  "with two that are called so": (draft) => {
    draft.struct("item", 24, [["n", node(draft), 0]]);
    draft.struct("item", 8, [["n", draft.int(), 0]]);
  },
  "behind another that is called so": (draft) => {
    draft.struct("item", 8, [["n", draft.int(), 0]]);
    draft.struct("item", 24, [["n", node(draft), 0]]);
  },
  "that is a UNION": (draft) => void draft.composite(KIND.union, "item", 24, [["n", node(draft), 0]]),
  "without a name": (draft) => void draft.struct("", 24, [["n", node(draft), 0]]),
  "with a UNION called as its node": (draft) =>
    void draft.struct("item", 24, [["n", draft.composite(KIND.union, "bpf_list_node", 24, []), 0]]),
  "with the second struct called as its node": (draft) => {
    node(draft);
    draft.struct("item", 24, [["n", node(draft), 0]]);
  },
  "that is empty": (draft) => void draft.struct("item", 0, []),
};

const owned: readonly Corner[] = Object.entries(ITEMS).flatMap(([what, make]) =>
  TAGS.map((tags) => ({
    what: `an item ${what}, tagged ${tags.map(([text, member]) => `${text} of ${member}`).join(", ")}`,
    make: (draft: Draft) => listed(draft, tags, make),
  })),
);

/** Pointers with tags: `made` from a target, a few in a row. */
const POINTED: Readonly<Record<string, (draft: Draft, tag: (name: string, word: number) => number) => number>> = {
  "a tag": (draft, tag) => draft.add(KIND.ptr, { word: tag("kptr_untrusted", target(draft)) }),
  "the tag twice": (draft, tag) => draft.add(KIND.ptr, { word: tag("kptr", tag("kptr", target(draft))) }),
  "two tags": (draft, tag) => draft.add(KIND.ptr, { word: tag("kptr", tag("percpu_kptr", target(draft))) }),
  "a tag before another": (draft, tag) => draft.add(KIND.ptr, { word: tag("kptr", tag("rcu", target(draft))) }),
  "a tag behind another": (draft, tag) => draft.add(KIND.ptr, { word: tag("rcu", tag("kptr", target(draft))) }),
  "a tag, and CONST": (draft, tag) =>
    draft.add(KIND.ptr, { word: tag("kptr", draft.add(KIND.const, { word: target(draft) })) }),
  "CONST, and a tag": (draft, tag) =>
    draft.add(KIND.ptr, { word: draft.add(KIND.const, { word: tag("kptr", target(draft)) }) }),
  "a tag of a TYPEDEF": (draft, tag) =>
    draft.add(KIND.ptr, { word: tag("kptr", draft.add(KIND.typedef, { name: "t", word: target(draft) })) }),
  "a tag of an INT": (draft, tag) => draft.add(KIND.ptr, { word: tag("kptr", draft.int()) }),
  "a tag of nothing": (draft, tag) => draft.add(KIND.ptr, { word: tag("kptr", 0) }),
  "uptr of an INT": (draft, tag) => draft.add(KIND.ptr, { word: tag("uptr", draft.int()) }),
  "uptr of a struct": (draft, tag) => draft.add(KIND.ptr, { word: tag("uptr", target(draft)) }),
  "an odd tag of an INT": (draft, tag) => draft.add(KIND.ptr, { word: tag("odd", draft.int()) }),
  "three tags": (draft, tag) =>
    draft.add(KIND.ptr, { word: tag("kptr", tag("kptr", tag("percpu_kptr", target(draft)))) }),
  "a tag, two others and the tag": (draft, tag) =>
    draft.add(KIND.ptr, { word: tag("kptr", tag("rcu", tag("user", tag("kptr", target(draft))))) }),
  "nothing but a tag": (draft, tag) => draft.add(KIND.typedef, { name: "t", word: tag("kptr", target(draft)) }),
  "a longer tag": (draft, tag) => draft.add(KIND.ptr, { word: tag("kptr_untrusted_and_more", target(draft)) }),
};

const target = (draft: Draft): number => draft.struct("made_up_here", 4, []);

const WRAPPED: Readonly<Record<string, (draft: Draft, id: number) => number>> = {
  "": (_, id) => id,
  "VOLATILE ": (draft, id) => draft.add(KIND.volatile, { word: id }),
  "CONST ": (draft, id) => draft.add(KIND.const, { word: id }),
  "a PTR to ": (draft, id) => draft.add(KIND.ptr, { word: id }),
};

const pointed: readonly Corner[] = Object.entries(POINTED).flatMap(([what, make]) =>
  Object.entries(WRAPPED).flatMap(([wrapped, wrap]) =>
    [false, true].flatMap((flag) =>
      [0, 64].map((offset) => ({
        what: `${wrapped}PTR with ${what}${flag ? " and kind_flag" : ""} at bit ${offset}`,
        make(draft: Draft) {
          const id = wrap(
            draft,
            make(draft, (name, word) => draft.add(KIND.typeTag, { name, word, flag })),
          );
          const lock: Member = ["l", specialStruct(draft, "bpf_spin_lock", 4), 0];
          draft.struct("s", 24, [...(offset > 0 ? [lock] : []), ["p", id, offset]]);
        },
      })),
    ),
  ),
);

const pointers = (draft: Draft, count: number): number =>
  draft.add(KIND.array, {
    words: [
      draft.add(KIND.ptr, { word: draft.add(KIND.typeTag, { name: "kptr_untrusted", word: target(draft) }) }),
      draft.int(),
      count,
    ],
  });

/** Fields in number: 11 are allowed, over all members and structs. */
const counted: readonly Corner[] = [0, 1, 9, 10, 11].flatMap((count) =>
  [0, 1, 2].map((more) => ({
    what: `${count} pointers, and ${more} beside them`,
    make(draft: Draft) {
      const array = pointers(draft, count);
      const inner = draft.struct("inner", 8 * Math.max(count, 1), [["a", array, 0]]);
      const members = Array.from({ length: more }, (_, index): Member => [`p${index}`, array - 2, 64 * index]);
      draft.struct("s", 256, [...members, ["i", inner, 512]]);
      draft.struct("t", 256, [["i", inner, 0], ...members.map(([name, type, at]): Member => [name, type, 1024 + at])]);
    },
  })),
);

/** Structs and ARRAYs in each other, down to a lock or to nothing. */
const deep: readonly Corner[] = [1, 30, 31, 32, 33].flatMap((depth) =>
  ["bpf_spin_lock", "bpf_other"].flatMap((name) =>
    [KIND.struct, KIND.array].map((kind) => ({
      what: `${name} in ${depth} of kind ${kind}`,
      make(draft: Draft) {
        const int = draft.int();
        const lock = specialStruct(draft, "bpf_spin_lock", 4);
        let id = name === "bpf_spin_lock" ? lock : specialStruct(draft, name, 4);
        for (let level = 0; level < depth; level++) {
          if (kind === KIND.array) id = draft.add(KIND.array, { words: [id, int, 1] });
          else id = draft.struct("", 4, [["s", id, 0]]);
        }
        draft.struct("outer", 16, [
          ["s", id, 0],
          ["l", lock, 64],
        ]);
      },
    })),
  ),
);

/** The same struct twice in another, and what lies right behind an ARRAY. */
const twice: readonly Corner[] = [
  ...[16, 32].map((offset) => ({
    what: `two structs with a lock at bit ${offset}`,
    make(draft: Draft) {
      const inner = draft.struct("inner", 8, [["l", specialStruct(draft, "bpf_spin_lock", 4), offset]]);
      draft.struct("s", 24, [
        ["r", specialStruct(draft, "bpf_refcount", 4), 0],
        ["a", inner, 32],
        ["b", inner, 96],
      ]);
    },
  })),
  ...[5, 6].map((count) => ({
    what: `two structs with ${count} pointers`,
    make(draft: Draft) {
      const array = pointers(draft, count);
      const inner = draft.struct("inner", 64, [["a", array, 0]]);
      draft.struct("s", 256, [
        ["l", specialStruct(draft, "bpf_spin_lock", 4), 0],
        ["a", inner, 64],
        ["b", inner, 1024],
      ]);
    },
  })),
  ...[1, 2, 3].map((count) => ({
    what: `a pointer right behind ${count} of them`,
    make(draft: Draft) {
      const array = pointers(draft, count);
      draft.struct("s", 64, [
        ["l", specialStruct(draft, "bpf_spin_lock", 4), 0],
        ["a", array, 64],
        ["p", array - 2, 64 * (count + 1)],
      ]);
    },
  })),
  {
    what: "a DATASEC that is called as a tag",
    make(draft) {
      const variable = draft.add(KIND.var, { name: "v", word: 1, words: [0] });
      const lock = specialStruct(draft, "bpf_spin_lock", 4);
      draft.struct("item", 24, [["n", node(draft), 0]]);
      const id = draft.struct("owner", 24, [
        ["l", lock, 0],
        ["x", 1, 32],
        ["h", specialStruct(draft, "bpf_list_head", 16), 64],
      ]);
      draft.add(KIND.datasec, { name: "contains:item:n", word: id, vlen: 1, words: [variable, 0, 4] });
    },
  },
];

/** A lock with members of every kind beside it. */
const beside: readonly Corner[] = [
  [KIND.union, { name: "u", word: 8 }],
  [KIND.enum, { name: "e", word: 4 }],
  [KIND.enum64, { name: "e", word: 8 }],
  [KIND.float, { name: "f", word: 8 }],
  [KIND.ptr, { word: 0 }],
].map(([kind, parts]) => ({
  what: `kind ${kind} beside a lock`,
  make(draft: Draft) {
    const id = draft.add(Number(kind), parts as object);
    draft.struct("s", 24, [
      ["l", specialStruct(draft, "bpf_spin_lock", 4), 0],
      ["m", id, 64],
      ["b", bytes(draft, 8), 128],
    ]);
  },
}));

export const specialCorners: readonly Corner[] = [
  ...fields,
  ...owned,
  ...pointed,
  ...counted,
  ...deep,
  ...twice,
  ...beside,
];
