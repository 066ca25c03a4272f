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
  readonly ids: ReadonlyMap<BtfType["kind"], readonly number[]>;
  readonly lists: Map<string, readonly Entry[]>;
}

const indexes = new WeakMap<Btf, Index>();
const NONE: readonly never[] = [];

function indexOf(btf: Btf): Index {
  const known = indexes.get(btf);
  if (known !== undefined) return known;
  const ids = new Map<BtfType["kind"], number[]>();
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

/** In id order. */
function listOf(btf: Btf, { ids }: Index, kinds: readonly BtfKind[]): readonly Entry[] {
  const all = kinds.flatMap((kind) => ids.get(kind) ?? NONE);
  const ordered = kinds.length === 1 ? all : all.sort((a, b) => a - b);
  const entries: Entry[] = [];
  for (const id of ordered) {
    const type = btf.types[id - btf.firstId];
    if (type !== undefined) entries.push([id, type]);
  }
  return entries;
}

/**
 * The own types of some kinds with their ids, in id order; remembered per blob. Nearly every rule looks at one kind: to walk all types for
 * each would make three objects a type and rule, a tenth of a short run's time.
 */
export function typesOfKind<K extends BtfKind>(
  btf: Btf,
  ...kinds: readonly K[]
): readonly (readonly [id: number, type: OfKind<K>])[] {
  const index = indexOf(btf);
  const key = kinds.join();
  const found = index.lists.get(key) ?? listOf(btf, index, kinds);
  index.lists.set(key, found);
  // Of each kind there is what is of that kind.
  return found as readonly (readonly [number, OfKind<K>])[];
}
