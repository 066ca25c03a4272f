import type { KernelRelease } from "../../../src/rules/kernel/rule.ts";
import { type Draft, KIND } from "../kernel/draft.ts";
import type { Random } from "../kernel/random.ts";
import { specialStruct } from "../kernel/special-cases.ts";

/** A type that maps may name: its size in bytes; 0 also where it has none. */
export interface NamedType {
  readonly id: number;
  readonly size: number;
}

/** Types of a draft, by what maps want of them. */
export interface TypePool {
  /** Ordinary and odd types, none of them special. */
  readonly any: readonly NamedType[];
  /** What keys of some kinds have to be: INTs, STRUCTs. */
  readonly keys: readonly NamedType[];
  /** Values with special fields, in order or not. */
  readonly special: readonly NamedType[];
}

type Member = readonly [string, number, number];

/** Structs that the kernel knows by name, and their sizes. */
export const SPECIAL_SIZES: Readonly<Record<string, number>> = {
  bpf_spin_lock: 4,
  bpf_res_spin_lock: 4,
  bpf_timer: 16,
  bpf_wq: 16,
  bpf_task_work: 8,
  bpf_refcount: 4,
  bpf_list_head: 16,
  bpf_rb_root: 16,
  bpf_list_node: 24,
  bpf_rb_node: 32,
};
const FIELDS = Object.keys(SPECIAL_SIZES);
const CONTAINER_FIELDS = ["bpf_list_head", "bpf_rb_root"];

function isOld(release: KernelRelease): boolean {
  return release === "5.10";
}

/** Types as programs have them, and some that they do not, of kinds that the release knows. */
export function typePool(draft: Draft, random: Random, release: KernelRelease): TypePool {
  // Where these come first, BPF_BTF_LOAD looks at none of those that follow, and leaves all to BPF_MAP_CREATE.
  if (random.chance(50)) for (const name of FIELDS) specialStruct(draft, name, SPECIAL_SIZES[name] ?? 4);
  const any: NamedType[] = [];
  const keys: NamedType[] = [];
  const add = (id: number, size: number, list = any): number => {
    list.push({ id, size });
    return id;
  };
  const int = (size: number, bits = size * 8, offset = 0): number =>
    draft.add(KIND.int, { name: `i${size}_${bits}_${offset}`, word: size, words: [(offset << 16) | bits] });
  const sizes = new Map([1, 2, 4, 8, 16].map((size) => [size, add(int(size), size)]));
  const i4 = sizes.get(4) ?? 0;
  const i8 = sizes.get(8) ?? 0;
  keys.push({ id: i4, size: 4 }, { id: i4, size: 4 }, { id: i8, size: 8 });
  add(int(4, 31), 4, keys);
  add(int(4, 16, 16), 4, keys);
  add(int(8, 32), 8, keys);
  const alias = draft.add(KIND.typedef, { name: "alias", word: draft.add(KIND.const, { word: i4 }) });
  add(alias, 4);
  keys.push({ id: alias, size: 4 });
  add(draft.struct("empty", 0, []), 0);
  add(draft.add(KIND.enum, { name: "e", word: 4, words: [draft.name("v"), 1], vlen: 1 }), 4);
  add(draft.composite(KIND.union, "u", 8, [["a", i4, 0]]), 8);
  add(draft.add(KIND.ptr, { word: i4 }), 8);
  for (const count of [0, 1, 3, random.below(40)]) add(draft.add(KIND.array, { words: [i4, i4, count] }), 4 * count);
  for (const size of [4, 5, 8, 16, 20, 260, 261]) add(draft.struct(`s${size}`, size, [["a", i4, 0]]), size, keys);
  add(draft.add(KIND.fwd, { name: "forward" }), 0);
  const proto = draft.proto(0, []);
  add(proto, 0);
  add(draft.add(KIND.func, { name: "f", word: proto, vlen: 0 }), 0);
  const variable = draft.add(KIND.var, { name: "v", word: i4, words: [0] });
  add(variable, 4);
  add(draft.add(KIND.datasec, { name: ".data", word: 8, words: [variable, 0, 4], vlen: 1 }), 8);
  add(draft.records.length + 1000, 4);
  for (const [first, second] of [
    [i8, i4],
    [i4, i4],
    [i8, int(4, 32)],
    [i8, i8],
    [alias, i4],
  ] as const) {
    const at = random.pick([64, 64, 64, 65, 72, 32]);
    const isFlagged = random.chance(30);
    add(
      draft.struct(
        "cgroup_key",
        16,
        [
          ["a", first, 0],
          ["b", second, at === 72 ? 64 : at],
        ],
        isFlagged,
      ),
      16,
      keys,
    );
  }
  add(draft.struct("one", 16, [["a", i8, 0]]), 16, keys);
  if (!isOld(release)) add(draft.add(KIND.float, { name: "double", word: 8 }), 8);
  const special = Array.from({ length: 1 + random.below(4) }, () => specialValue(draft, random, release, i4));
  return { any, keys, special };
}

/** A STRUCT or DATASEC with special fields. */
function specialValue(draft: Draft, random: Random, release: KernelRelease, i4: number): NamedType {
  const count = random.pick([1, 1, 1, 2, 2, 3]);
  const members: Member[] = [];
  let offset = 0;
  const place = (name: string, type: number, size: number, alignment: number): void => {
    offset = Math.ceil(offset / alignment) * alignment + (random.chance(4) ? 4 : 0);
    members.push([name, type, offset * 8]);
    offset += size;
  };
  if (random.chance(40)) place("first", i4, 4, 4);
  for (let index = 0; index < count; index++) {
    const [type, size] = specialField(draft, random, release, i4);
    place(`m${index}`, type, size, 8);
  }
  const owner = draft.records.length + 1;
  const size = Math.ceil(offset / 8) * 8 + (random.chance(10) ? 8 : 0);
  if (random.chance(25)) return section(draft, members, size, random);
  const whole = draft.struct("value", size, members);
  if (!isOld(release)) tagContainers(draft, owner, members, random);
  if (random.chance(20)) {
    const wrapped = draft.struct("outer", size + 8, [
      ["pad", i4, 0],
      ["in", whole, 64],
    ]);
    return { id: wrapped, size: size + 8 };
  }
  if (random.chance(15)) return { id: draft.add(KIND.typedef, { name: "named", word: whole }), size };
  return { id: whole, size };
}

/** Tags for the heads and roots of a struct, mostly such as the kernel wants them. */
function tagContainers(draft: Draft, owner: number, members: readonly Member[], random: Random): void {
  for (const [index, [, type]] of members.entries()) {
    const name = nameOfSpecial(draft, type);
    if (!CONTAINER_FIELDS.includes(name) || random.chance(5)) continue;
    const node = name === "bpf_list_head" ? "bpf_list_node" : "bpf_rb_node";
    const item = `item${draft.records.length}`;
    const nodeType = specialStruct(draft, node, SPECIAL_SIZES[node] ?? 0);
    draft.struct(item, SPECIAL_SIZES[node] ?? 0, [["n", nodeType, 0]]);
    draft.add(KIND.declTag, { name: `contains:${item}:n`, word: owner, words: [index] });
  }
}

function nameOfSpecial(draft: Draft, type: number): string {
  const record = draft.records[type - 1];
  const inner = record?.kind === KIND.array ? draft.records[(record.words[0] ?? 1) - 1] : record;
  return FIELDS.find((name) => inner?.kind === KIND.struct && draft.name(name) === inner.nameOff) ?? "";
}

/** A member's type that is special, or nearly so, and its size. */
function specialField(draft: Draft, random: Random, release: KernelRelease, i4: number): readonly [number, number] {
  if (!isOld(release) && random.chance(35)) return taggedPointer(draft, random, i4);
  const name = random.pick([...FIELDS, "bpf_spin_lock", "bpf_spin_lock", "bpf_timer"]);
  const right = SPECIAL_SIZES[name] ?? 4;
  const size = random.chance(95) ? right : right + 4;
  const type = specialStruct(draft, name, size);
  if (!random.chance(10)) return [type, size];
  const elements = random.pick([0, 1, 2]);
  return [draft.add(KIND.array, { words: [type, i4, elements] }), size * elements];
}

function taggedPointer(draft: Draft, random: Random, i4: number): readonly [number, number] {
  const tag = random.pick(["kptr", "kptr_untrusted", "percpu_kptr", "uptr", "uptr", "kptr_ref", "user", "rcu"]);
  const size = random.pick([0, 4, 8, 4096, 4097, 5000]);
  const own = draft.struct(`own${draft.records.length}`, size, size === 0 ? [] : [["a", i4, 0]]);
  const target = random.chance(95) ? own : i4;
  const inner = random.chance(10) ? draft.add(KIND.const, { word: target }) : target;
  const pointer = draft.add(KIND.ptr, { word: draft.add(KIND.typeTag, { name: tag, word: inner }) });
  if (random.chance(10)) return [draft.add(KIND.volatile, { word: pointer }), 8];
  if (!random.chance(10)) return [pointer, 8];
  const elements = random.pick([1, 2, 11, 12]);
  return [draft.add(KIND.array, { words: [pointer, i4, elements] }), 8 * elements];
}

/** The members as variables of a section. */
function section(draft: Draft, members: readonly Member[], size: number, random: Random): NamedType {
  const total = Math.max(size, 8);
  const entries = members.map(([name, type, bits], index) => {
    const variable = draft.add(KIND.var, { name: `${name}_${draft.records.length}`, word: type, words: [1] });
    const next = members[index + 1]?.[2] ?? total * 8;
    const isExact = random.chance(80);
    return { variable, offset: bits / 8, size: isExact ? sizeOfRecord(draft, type) : (next - bits) / 8 };
  });
  const words = entries.flatMap(({ variable, offset, size: bytes }) => [variable, offset, Math.max(bytes, 1)]);
  return { id: draft.add(KIND.datasec, { name: ".bss", word: total, words, vlen: members.length }), size: total };
}

function sizeOfRecord(draft: Draft, type: number): number {
  const record = draft.records[type - 1];
  if (record?.kind === KIND.array) return sizeOfRecord(draft, record.words[0] ?? 1) * (record.words[2] ?? 0);
  if (record?.kind === KIND.volatile) return sizeOfRecord(draft, record.sizeOrType);
  return record?.kind === KIND.ptr ? 8 : (record?.sizeOrType ?? 0);
}
