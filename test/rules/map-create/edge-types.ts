import { hasRule, type KernelRelease } from "../../../src/rules/kernel/rule.ts";
import { type Draft, KIND } from "../kernel/draft.ts";
import { specialStruct } from "../kernel/special-cases.ts";
import { type NamedType, SPECIAL_SIZES } from "./types.ts";

type Members = readonly (readonly [string, number, number])[];

/** Types of every kind as keys, the first of them an INT of 4 bytes; and the keys of cgroup storage with what is nearly one. */
export function edgeKeys(draft: Draft, release: KernelRelease): readonly NamedType[] {
  const int = (size: number, bits = size * 8, offset = 0): number =>
    draft.add(KIND.int, { name: `i${size}_${bits}_${offset}`, word: size, words: [(offset << 16) | bits] });
  const i4 = int(4);
  const i8 = int(8);
  const variable = draft.add(KIND.var, { name: "v", word: i4, words: [1] });
  const proto = draft.proto(0, []);
  const cgroupKey = (members: Members, isFlagged = false, kind: number = KIND.struct): NamedType => ({
    id: draft.composite(kind, "cgroup_key", 16, members, isFlagged),
    size: 16,
  });
  const pair = (first: number, second: number, at = 64, isFlagged = false): NamedType =>
    cgroupKey(
      [
        ["a", first, 0],
        ["b", second, at],
      ],
      isFlagged,
    );
  const alias = draft.add(KIND.typedef, { name: "alias", word: draft.add(KIND.const, { word: i4 }) });
  const float = hasRule(release, { since: "6.1" })
    ? [{ id: draft.add(KIND.float, { name: "f", word: 4 }), size: 4 }]
    : [];
  return [
    { id: i4, size: 4 },
    { id: i8, size: 8 },
    { id: int(4, 31), size: 4 },
    { id: int(4, 16, 16), size: 4 },
    { id: int(8, 32), size: 8 },
    { id: int(4, 30, 1), size: 4 },
    { id: int(8, 62, 1), size: 8 },
    { id: int(16), size: 16 },
    { id: alias, size: 4 },
    { id: variable, size: 4 },
    { id: draft.add(KIND.enum, { name: "e", word: 4, words: [draft.name("x"), 1], vlen: 1 }), size: 4 },
    { id: draft.composite(KIND.union, "u", 8, [["a", i4, 0]]), size: 8 },
    { id: draft.struct("s8", 8, [["a", i4, 0]]), size: 8 },
    { id: draft.struct("s4", 4, [["a", i4, 0]]), size: 4 },
    { id: draft.struct("empty", 0, []), size: 0 },
    { id: draft.add(KIND.ptr, { word: i4 }), size: 8 },
    { id: draft.add(KIND.array, { words: [i4, i4, 2] }), size: 8 },
    { id: draft.add(KIND.fwd, { name: "forward" }), size: 4 },
    { id: draft.add(KIND.func, { name: "f", word: proto }), size: 4 },
    { id: proto, size: 4 },
    { id: draft.add(KIND.datasec, { name: ".keys", word: 4, words: [variable, 0, 4], vlen: 1 }), size: 4 },
    { id: 9999, size: 4 },
    ...float,
    pair(i8, i4),
    pair(i8, i4, 64, true),
    pair(i8, i4, 72, true),
    pair(i8, i4, 65 | (31 << 24), true),
    pair(i8, i4, 63 | (32 << 24), true),
    pair(i8, i4, 64 | (32 << 24), true),
    pair(i8, i4, 96),
    pair(i8, i4, 72),
    pair(i8, int(8, 32, 32)),
    pair(int(16, 64, 64), i4),
    pair(i4, i4),
    pair(i4, i4, 64, true),
    pair(i8, i8),
    pair(i8, i8, 64, true),
    pair(alias, i4),
    pair(i8, alias),
    pair(i8, int(4, 31)),
    pair(int(8, 63), i4),
    pair(i8, int(4, 16, 16)),
    pair(i8, draft.struct("t4", 4, [["a", i4, 0]])),
    pair(i8, draft.add(KIND.enum, { name: "e2", word: 4, words: [draft.name("y"), 1], vlen: 1 })),
    cgroupKey([["a", i8, 0]]),
    cgroupKey([]),
    cgroupKey([
      ["a", i8, 0],
      ["b", i4, 64],
      ["c", i4, 96],
    ]),
    cgroupKey(
      [
        ["a", i8, 0],
        ["b", i4, 0],
      ],
      false,
      KIND.union,
    ),
    cgroupKey([
      ["a", draft.struct("own8", 8, [["a", i8, 0]]), 0],
      ["b", i4, 64],
    ]),
  ];
}

/** How many values there are of each special field. */
const FORMS = 23;

/** A value; the main ones are those of which each kind of map has something to say. */
export interface EdgeValue extends NamedType {
  readonly isMain: boolean;
}

/** Values: ordinary ones, sections, and each special field in order and nearly so. */
export function edgeValues(draft: Draft, release: KernelRelease): readonly EdgeValue[] {
  // BPF_BTF_LOAD looks at the first of each name alone.
  for (const [name, size] of Object.entries(SPECIAL_SIZES)) specialStruct(draft, name, size);
  const int = draft.int(4);
  const value = (size: number, members: Members, isFlagged = false): NamedType => ({
    id: draft.struct("value", size, members, isFlagged),
    size,
  });
  const section = (size: number, entries: readonly (readonly [number, number, number])[]): NamedType => {
    const words = entries.flatMap(([type, offset, bytes]) => {
      const name = `v${draft.records.length}`;
      return [draft.add(KIND.var, { name, word: type, words: [1] }), offset, bytes];
    });
    return { id: draft.add(KIND.datasec, { name: ".data", word: size, words, vlen: entries.length }), size };
  };
  const special = (name: string, size = SPECIAL_SIZES[name] ?? 4): number => specialStruct(draft, name, size);
  const array = (type: number, count: number): number => draft.add(KIND.array, { words: [type, int, count] });
  const plain = [
    section(4, [[int, 0, 4]]),
    { id: int, size: 4 },
    value(8, [["a", int, 0]]),
    { id: array(int, 0), size: 0 },
    { id: array(int, 4), size: 16 },
    { id: draft.composite(KIND.union, "u", 8, [["l", special("bpf_spin_lock"), 0]]), size: 8 },
    { id: draft.add(KIND.fwd, { name: "forward_value" }), size: 4 },
    { id: 9999, size: 4 },
  ];
  const fields = Object.keys(SPECIAL_SIZES).flatMap((name) => {
    const size = SPECIAL_SIZES[name] ?? 4;
    const whole = Math.ceil(size / 8) * 8 + 8;
    return [
      value(whole, [["f", special(name), 0]]),
      value(whole, [["f", special(name), 64]]),
      value(whole, [["f", special(name), 32]]),
      value(whole, [["f", special(name), 16]]),
      value(whole, [["f", special(name), 32]], true),
      value(whole, [["f", special(name), 0]], true),
      value(whole, [["f", special(name, size + 4), 0]]),
      value(2 * whole, [
        ["f", special(name), 0],
        ["g", special(name), whole * 8],
      ]),
      value(2 * whole, [
        ["f", special(name, size + 4), 0],
        ["g", special(name), whole * 8],
      ]),
      value(2 * whole, [
        ["f", special(name), 0],
        ["g", special(name), whole * 8 + 8],
      ]),
      value(whole, [["f", array(special(name), 1), 0]]),
      value(2 * whole, [["f", array(special(name), 2), 0]]),
      value(whole, [["f", value(size, [["in", special(name), 0]]).id, 0]]),
      value(whole, [["f", draft.composite(KIND.union, name, size, []), 0]]),
      value(whole, [["f", draft.add(KIND.int, { name, word: 4, words: [32] }), 0]]),
      section(whole, [[special(name), 0, size]]),
      section(whole, [[special(name), 0, size + 4]]),
      section(whole, [[special(name), 8, size]].filter(() => size <= whole - 8) as [number, number, number][]),
      section(whole, [[special(name), 4, size]]),
      section(whole, [[special(name), 2, size]]),
      section(2 * whole, [
        [special(name), 0, size],
        [special(name), whole, size],
      ]),
      section(2 * whole, [
        [special(name, size - 4), 0, size],
        [special(name), whole, size],
      ]),
      { id: draft.add(KIND.typedef, { name: "named", word: value(whole, [["f", special(name), 0]]).id }), size: whole },
    ];
  });
  const more = [
    value(24, [
      ["l", special("bpf_spin_lock"), 0],
      ["t", special("bpf_timer"), 64],
    ]),
    value(8, [
      ["l", special("bpf_spin_lock"), 0],
      ["r", special("bpf_res_spin_lock"), 32],
    ]),
  ];
  const main = [...plain, ...more, ...owners(draft, release, special), ...pointers(draft, release, int, array)];
  return [
    ...main.map((type) => ({ ...type, isMain: true })),
    ...fields.map((type, index) => ({ ...type, isMain: index % FORMS === 0 })),
  ];
}

/** Lists and trees, with the struct that they own. */
function owners(draft: Draft, release: KernelRelease, special: (name: string) => number): readonly NamedType[] {
  if (!hasRule(release, { since: "6.1" })) return [];
  const known = new Map(["bpf_list_node", "bpf_rb_node"].map((name) => [name, idOfFirst(draft, name)] as const));
  return [
    ["bpf_list_head", "bpf_list_node"],
    ["bpf_rb_root", "bpf_rb_node"],
  ].flatMap(([root = "", node = ""]) =>
    [known.get(node) ?? 0, special(node)].map((type, index): NamedType => {
      const item = `${root}_item${index}`;
      draft.struct(item, 32, [["n", type, 0]]);
      const id = draft.struct(`${root}_owner${index}`, 24, [
        ["l", special("bpf_spin_lock"), 0],
        ["h", special(root), 64],
      ]);
      draft.add(KIND.declTag, { name: `contains:${item}:n`, word: id, words: [1] });
      return { id, size: 24 };
    }),
  );
}

function idOfFirst(draft: Draft, name: string): number {
  return draft.records.findIndex(({ kind, nameOff }) => kind === KIND.struct && nameOff === draft.name(name)) + 1;
}

/** Pointers with tags, to structs of all sizes that count. */
function pointers(
  draft: Draft,
  release: KernelRelease,
  int: number,
  array: (type: number, count: number) => number,
): readonly NamedType[] {
  if (!hasRule(release, { since: "6.1" })) return [];
  const holder = (pointer: number, size = 8): NamedType => ({
    id: draft.struct("holder", size, [["p", pointer, 0]]),
    size,
  });
  const tagged = (tag: string, target: number): number =>
    draft.add(KIND.ptr, { word: draft.add(KIND.typeTag, { name: tag, word: target }) });
  const target = (size: number): number => draft.struct(`target${size}`, size, size === 0 ? [] : [["a", int, 0]]);
  const tags = ["kptr", "kptr_untrusted", "percpu_kptr", "kptr_ref", "user", "uptr"];
  return [
    ...tags.map((tag) => holder(tagged(tag, target(8)))),
    ...[0, 1, 4095, 4096, 4097].map((size) => holder(tagged("uptr", target(size === 1 ? 4 : size)))),
    holder(tagged("uptr", int)),
    holder(tagged("uptr", draft.add(KIND.fwd, { name: "elsewhere" }))),
    holder(array(tagged("uptr", target(8)), 2), 16),
    holder(array(tagged("kptr_untrusted", target(8)), 2), 16),
  ];
}
