import type { Btf, BtfKind, BtfType } from "./model.ts";

/** The types that may be of kind K. */
export type OfKind<K extends BtfKind, T = BtfType> = T extends { readonly kind: infer Own }
  ? Extract<Own, K> extends never
    ? never
    : T
  : never;

type Entry = readonly [id: number, type: BtfType];

/** The types of a blob: ids by kind, and lists that were asked for, by the kinds in them. */
interface Index {
  readonly ids: ReadonlyMap<string, readonly number[]>;
  readonly lists: Map<string, readonly Entry[]>;
}

const indexes = new WeakMap<Btf, Index>();

function indexOf(btf: Btf): Index {
  const known = indexes.get(btf);
  if (known !== undefined) return known;
  const ids = new Map<string, number[]>();
  let id = btf.firstId;
  for (const { kind } of btf.types) {
    const others = ids.get(kind);
    if (others === undefined) ids.set(kind, [id]);
    else others.push(id);
    id++;
  }
  const index = { ids, lists: new Map() };
  indexes.set(btf, index);
  return index;
}

function listOf(btf: Btf, { ids, lists }: Index, kind: string): readonly Entry[] {
  const known = lists.get(kind);
  if (known !== undefined) return known;
  const entries: Entry[] = [];
  for (const id of ids.get(kind) ?? []) {
    const type = btf.types[id - btf.firstId];
    if (type !== undefined) entries.push([id, type]);
  }
  lists.set(kind, entries);
  return entries;
}

/** In id order, with the entries of the lists of single kinds. */
function mergedList(btf: Btf, index: Index, kinds: readonly string[]): readonly Entry[] {
  const key = kinds.join();
  const known = index.lists.get(key);
  if (known !== undefined) return known;
  const filled = kinds.map((kind) => listOf(btf, index, kind)).filter((list) => list.length > 0);
  const [only = []] = filled;
  const merged = filled.length <= 1 ? only : filled.flat().sort((a, b) => a[0] - b[0]);
  index.lists.set(key, merged);
  return merged;
}

/** The ids of the own types of a kind, ascending; for the kinds of which a kernel has tens of thousands. */
export function idsOfKind(btf: Btf, kind: BtfKind): readonly number[] {
  return indexOf(btf).ids.get(kind) ?? [];
}

/**
 * The own types of some kinds with their ids, in id order; remembered per blob. Nearly every rule looks at one kind: to walk all types for
 * each would make three objects a type and rule, a tenth of a short run's time.
 */
export function typesOfKind<K extends BtfKind>(
  btf: Btf,
  ...kinds: readonly K[]
): readonly (readonly [id: number, type: OfKind<K>])[] {
  // Of each kind there is what is of that kind.
  return mergedList(btf, indexOf(btf), kinds) as readonly (readonly [number, OfKind<K>])[];
}
