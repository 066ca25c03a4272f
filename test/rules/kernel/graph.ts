import { Draft, KIND, withIds } from "./draft.ts";
import type { Random } from "./random.ts";

const NAMES = ["a", "_b", "c9", ".d", "e.f", "long_name_of_a_thing", "x".repeat(128), "caf\xe9", "T"];

/** What the makers of records know: ids with a size, by kind where that matters. */
interface Known {
  readonly draft: Draft;
  readonly random: Random;
  readonly sizes: Map<number, number>;
}

function idsOf({ draft }: Known, ...kinds: readonly number[]): number[] {
  return draft.records.flatMap(({ kind }, index) => (kinds.includes(kind) ? [index + 1] : []));
}

function value({ random, sizes }: Known): number {
  return random.pick([...sizes.keys()]);
}

function addComposite(known: Known, kind: number): void {
  const { draft, random, sizes } = known;
  const flag = random.chance(25);
  let offset = 0;
  let size = 0;
  const members: [string, number, number][] = [];
  for (let count = random.below(5); count > 0; count--) {
    const type = value(known);
    const length = sizes.get(type) ?? 0;
    if (length > 0x1_0000) continue;
    const alignment = random.chance(80) ? 8 : 16;
    const start = kind === KIND.union ? 0 : Math.ceil(offset / alignment) * alignment;
    const name = random.chance(85) ? random.pick(NAMES) : "";
    const isRegular = endKind(draft, type) === KIND.int && [1, 2, 4, 8, 16].includes(length);
    const width = flag && isRegular && random.chance(60) ? 1 + random.below(Math.min(length * 8, 255)) : 0;
    const bit = width > 0 && kind !== KIND.union && random.chance(50) ? start * 8 + random.below(8) : start * 8;
    members.push([name, type, flag ? width * 2 ** 24 + bit : bit]);
    offset = start + length + 1;
    size = Math.max(size, offset + 4);
  }
  const id = draft.composite(kind, random.chance(80) ? random.pick(NAMES) : "", size, members, flag);
  sizes.set(id, size);
}

/** Kind of what modifiers end in. */
function endKind(draft: Draft, id: number): number {
  let at = id;
  for (let left = 40; left > 0; left--) {
    const record = draft.records[at - 1];
    if (record === undefined) return 0;
    if (![KIND.typedef, KIND.volatile, KIND.const, KIND.restrict, KIND.typeTag].some((kind) => kind === record.kind)) {
      return record.kind;
    }
    at = record.sizeOrType;
  }
  return 0;
}

function addReference(known: Known, kind: number): void {
  const { draft, random, sizes } = known;
  const tags = kind === KIND.typeTag;
  // A TYPE_TAG may lie only behind other TYPE_TAGs.
  const targets = [...sizes.keys()].filter((id) => tags || draft.records[id - 1]?.kind !== KIND.typeTag);
  const unsized = [0, ...idsOf(known, KIND.fwd, KIND.proto)];
  const toNothing = random.chance(15);
  const type = toNothing ? random.pick(unsized) : random.pick(targets);
  const name = kind === KIND.typedef ? random.pick(NAMES) : tags ? random.pick(["user", "a b", "rcu"]) : "";
  const id = draft.add(kind, { name, word: type, flag: tags && random.chance(20) });
  if (!toNothing) sizes.set(id, sizes.get(type) ?? 0);
}

function addDatasec(known: Known): void {
  const { draft, random, sizes } = known;
  let offset = 0;
  const words: number[] = [];
  for (const id of idsOf(known, KIND.var).slice(0, random.below(4))) {
    const size = Math.max(1, sizes.get(draft.records[id - 1]?.sizeOrType ?? 0) ?? 1) + random.below(2);
    words.push(id, offset, size);
    offset += size + random.below(3);
  }
  draft.add(KIND.datasec, {
    name: random.pick([".data", ".bss", "license", "?maps", "a b"]),
    word: offset + 1 + random.below(3),
    words,
    vlen: words.length / 3,
  });
}

function addRecord(known: Known, kind: number): void {
  const { draft, random, sizes } = known;
  const name = (): string => random.pick(NAMES);
  switch (kind) {
    case KIND.int: {
      const size = random.pick([1, 2, 4, 8, 16]);
      const encoding = random.pick([0, 1, 2, 4]) * 2 ** 24;
      sizes.set(
        draft.add(KIND.int, { name: random.pick(["int", "u 8", ""]), word: size, words: [size * 8 + encoding] }),
        size,
      );
      break;
    }
    case KIND.ptr:
      sizes.set(
        draft.add(KIND.ptr, { word: random.pick([0, ...sizes.keys(), ...idsOf(known, KIND.fwd, KIND.proto)]) }),
        8,
      );
      break;
    case KIND.array: {
      const type = value(known);
      const size = sizes.get(type) ?? 0;
      const ints = idsOf(known, KIND.int);
      const count = random.below(size > 0x1000 ? 2 : 9);
      sizes.set(draft.add(KIND.array, { words: [type, random.pick(ints), count] }), size * count);
      break;
    }
    case KIND.struct:
    case KIND.union:
      addComposite(known, kind);
      break;
    case KIND.enum:
    case KIND.enum64: {
      const vlen = random.below(4);
      const words = Array.from({ length: vlen }, () => [draft.name(name()), random.next(), random.next()]);
      const size = random.pick([1, 2, 4, 8]);
      const tail = words.flatMap((entry) => (kind === KIND.enum ? entry.slice(0, 2) : entry));
      const title = random.chance(80) ? name() : "";
      sizes.set(draft.add(kind, { name: title, word: size, words: tail, vlen, flag: random.chance(50) }), size);
      break;
    }
    case KIND.fwd:
      draft.add(kind, { name: name(), flag: random.chance(50) });
      break;
    case KIND.func:
      draft.add(kind, { name: name(), word: random.pick(idsOf(known, KIND.proto)), vlen: random.below(2) });
      break;
    case KIND.proto: {
      const params = Array.from({ length: random.below(4) }, (): [string, number] => [name(), value(known)]);
      if (random.chance(20)) params.push(["", 0]);
      draft.proto(random.chance(30) ? 0 : value(known), params);
      break;
    }
    case KIND.var:
      draft.add(kind, { name: name(), word: value(known), words: [random.below(2)] });
      break;
    case KIND.datasec:
      addDatasec(known);
      break;
    case KIND.float: {
      const size = random.pick([2, 4, 8, 12, 16]);
      sizes.set(draft.add(kind, { name: random.pick(["f", ""]), word: size }), size);
      break;
    }
    case KIND.declTag: {
      const targets = idsOf(known, KIND.struct, KIND.union, KIND.func, KIND.var, KIND.typedef);
      if (targets.length === 0) return;
      draft.add(kind, { name: "tag:x", word: random.pick(targets), words: [0xffff_ffff], flag: random.chance(30) });
      break;
    }
    default:
      addReference(known, kind);
  }
}

/** BTF of all kinds, each record from what came before it; right but for the rare chance that kinds do not suit. */
export function randomGraph(random: Random, length: number): Draft {
  const draft = new Draft();
  const known: Known = { draft, random, sizes: new Map() };
  addRecord(known, KIND.int);
  draft.proto(0, []);
  for (let index = 0; index < length; index++) addRecord(known, 1 + random.below(19));
  return draft;
}

/** Puts the records into another order, and follows them in everything that refers to them. */
export function shuffle(draft: Draft, random: Random): void {
  const order = draft.records.map((_, index) => index);
  for (let index = order.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [order[index], order[other]] = [order[other] ?? 0, order[index] ?? 0];
  }
  const ids = new Map(order.map((from, to) => [from + 1, to + 1]));
  const moved = order.flatMap((from) => draft.records[from] ?? []);
  moved.forEach((record, index) => {
    draft.records[index] = withIds(record, (id) => ids.get(id) ?? id);
  });
}
