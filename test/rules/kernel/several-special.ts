/** Structs with special fields of which several are broken, each by itself. */
import { Draft, type DraftRecord, KIND } from "./draft.ts";
import { shuffle } from "./graph.ts";
import { Random } from "./random.ts";
import { copyOf } from "./real.ts";
import { specialStruct } from "./special-cases.ts";

const MISSING_ID = 0xf_fff0;
const ALL = 0xffff_ffff;

/** What the groups of structs are made of. */
interface Parts {
  readonly draft: Draft;
  readonly random: Random;
  readonly int: number;
  readonly lock: number;
  readonly refcount: number;
  readonly head: number;
  readonly node: number;
  readonly root: number;
  readonly treeNode: number;
  /** Sixteen bytes that are nothing special. */
  readonly plain: number;
}

type Member = readonly [name: string, type: number, offset: number];

/** A record, and what breaks it. */
interface Break {
  readonly id: number;
  readonly changed: Partial<DraftRecord>;
}

/** Adds structs that have to do with each other, whose names end in the number; what may break one of them. */
type Group = (parts: Parts, number: number) => readonly Break[];

function membersOf({ draft }: Parts, members: readonly Member[]): Partial<DraftRecord> {
  const words = members.flatMap(([name, type, offset]) => [draft.name(name), type, offset]);
  return { words, vlen: members.length };
}

const locked: Group = (parts, number) => {
  const { draft, lock, int } = parts;
  const id = draft.struct(`locked${number}`, 12, [
    ["l", lock, 0],
    ["x", int, 32],
  ]);
  const as = (...members: readonly Member[]): Break => ({ id, changed: membersOf(parts, members) });
  return [as(["l", lock, 0], ["x", lock, 32]), as(["l", lock, 8]), as(["l", lock, 0], ["x", int, 33])];
};

const nested: Group = (parts, number) => {
  const { draft, lock, refcount, int } = parts;
  const breaks = locked(parts, number);
  const inner = draft.records.length;
  const many = draft.add(KIND.array, { words: [inner, int, 1] });
  const members = (offset: number): readonly Member[] => [
    ["i", parts.random.chance(50) ? inner : many, 0],
    ["r", refcount, 96],
    ["x", int, offset],
  ];
  const id = draft.struct(`outer${number}`, 24, members(128));
  draft.struct(`beside${number}`, 24, [
    ["i", inner, 0],
    ["l", lock, 96],
  ]);
  return [...breaks, { id, changed: membersOf(parts, members(129)) }];
};

const owner =
  (kind: "list" | "tree"): Group =>
  (parts, number) => {
    const { draft, lock, int } = parts;
    const [head, node, size] = kind === "list" ? [parts.head, parts.node, 24] : [parts.root, parts.treeNode, 32];
    const id = draft.struct(`owner${number}`, 24, [
      ["l", lock, 0],
      ["h", head, 64],
    ]);
    const item = draft.struct(`item${number}`, size + 8, [["n", node, 0]]);
    const tag = draft.add(KIND.declTag, { name: `contains:item${number}:n`, word: id, words: [1] });
    const called = (name: string): Break => ({ id: tag, changed: { nameOff: draft.name(name) } });
    const as = (...members: readonly Member[]): Break => ({ id: item, changed: membersOf(parts, members) });
    return [
      {
        id,
        changed: membersOf(parts, [
          ["l", int, 0],
          ["h", head, 64],
        ]),
      },
      { id: tag, changed: { words: [0] } },
      { id: tag, changed: { words: [9] } },
      called(`contains:none${number}:n`),
      called(`contains:item${number}`),
      called(`contains:item${number}:`),
      called("1 tag"),
      { id: tag, changed: { nameOff: 0 } },
      as(["m", node, 0]),
      as(["n", node, 0], ["n", node, size * 8]),
      as(["n", lock, 0]),
      { id: item, changed: { sizeOrType: MISSING_ID, words: [draft.name("1 n"), node, 0] } },
    ];
  };

/** One that owns what must not own itself. */
const owners: Group = (parts, number) => {
  const { draft, lock, node, head, plain } = parts;
  const build = (name: string, owned: string, type: number): Break => {
    const members = (last: number): readonly Member[] => [
      ["n", node, 0],
      ["l", lock, 192],
      ["h", last, 256],
    ];
    const id = draft.struct(`${name}${number}`, 48, members(type));
    draft.add(KIND.declTag, { name: `contains:${owned}${number}:n`, word: id, words: [2] });
    return { id, changed: membersOf(parts, members(head)) };
  };
  build("upper", "middle", head);
  const middle = build("middle", "lower", plain);
  build("lower", "none", plain);
  return [middle];
};

const nodes: Group = (parts, number) => {
  const { draft, node, treeNode, refcount, int } = parts;
  const members = (last: number): readonly Member[] => [
    ["n", node, 0],
    ["m", treeNode, 192],
    ["r", last, 448],
  ];
  const id = draft.struct(`nodes${number}`, 64, members(refcount));
  return [
    { id, changed: membersOf(parts, members(int)) },
    {
      id,
      changed: membersOf(parts, [
        ["n", node, 0],
        ["m", node, 64],
      ]),
    },
  ];
};

const pointers: Group = (parts, number) => {
  const { draft, lock, int } = parts;
  const target = draft.struct(`made_up_${number}`, 4, []);
  const tag = draft.add(KIND.typeTag, { name: "kptr_untrusted", word: target });
  const pointer = draft.add(KIND.ptr, { word: tag });
  const many = draft.add(KIND.array, { words: [pointer, int, 3] });
  const id = draft.struct(`pointers${number}`, 40, [
    ["l", lock, 0],
    ["p", many, 64],
  ]);
  return [
    { id: tag, changed: { nameOff: draft.name("odd") } },
    { id: tag, changed: { sizeOrType: int } },
    { id: tag, changed: { sizeOrType: MISSING_ID } },
    { id: many, changed: { words: [pointer, int, 12] } },
    {
      id,
      changed: membersOf(parts, [
        ["l", lock, 0],
        ["p", many, 65],
      ]),
    },
    {
      id,
      changed: membersOf(parts, [
        ["l", lock, 0],
        ["p", many, 64],
        ["q", pointer, 64],
      ]),
    },
  ];
};

/** A lock beside a type that is at fault: nobody knows what is in the struct. */
const unknown: Group = (parts, number) => {
  const { draft, lock, int } = parts;
  const type = draft.add(KIND.typedef, { name: `t${number}`, word: int });
  const again = draft.add(KIND.const, { word: type });
  const array = draft.add(KIND.array, { words: [parts.random.chance(50) ? type : again, int, 2] });
  const many = draft.add(KIND.array, { words: [array, int, 1] });
  const id = draft.struct(`unknown${number}`, 16, [
    ["l", lock, 0],
    ["a", parts.random.chance(50) ? array : many, 32],
  ]);
  draft.struct(`around${number}`, 32, [
    ["l", lock, 0],
    ["i", id, 64],
  ]);
  return [
    { id: type, changed: { sizeOrType: MISSING_ID } },
    { id: array, changed: { sizeOrType: 1 } },
    { id: array, changed: { words: [type, int, ALL] } },
    { id, changed: { nameOff: draft.name("1 name") } },
  ];
};

const GROUPS: readonly Group[] = [locked, nested, owner("list"), owner("tree"), owners, nodes, pointers, unknown];

/** Groups of which most are broken in one place, as `severallyBroken`. */
export function specialBroken(random: Random): { readonly whole: Draft; readonly all: Draft } {
  const whole = new Draft();
  const int = whole.int();
  const parts: Parts = {
    draft: whole,
    random,
    int,
    lock: specialStruct(whole, "bpf_spin_lock", 4),
    refcount: specialStruct(whole, "bpf_refcount", 4),
    head: specialStruct(whole, "bpf_list_head", 16),
    node: specialStruct(whole, "bpf_list_node", 24),
    root: specialStruct(whole, "bpf_rb_root", 16),
    treeNode: specialStruct(whole, "bpf_rb_node", 32),
    plain: whole.add(KIND.array, { words: [int, int, 4] }),
  };
  const breaks = Array.from({ length: 2 + random.below(5) }, (_, number) => random.pick(GROUPS)(parts, number)).flatMap(
    (ways) => (random.chance(75) ? [random.pick(ways)] : []),
  );
  const all = copyOf(whole);
  for (const { id, changed } of breaks) {
    const record = all.records[id - 1];
    if (record !== undefined) all.records[id - 1] = { ...record, ...changed };
  }
  const order = random.next();
  if (random.chance(50)) for (const draft of [whole, all]) shuffle(draft, new Random(order));
  return { whole, all };
}
