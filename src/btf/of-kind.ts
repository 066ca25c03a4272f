import type { Btf, BtfKind, BtfType } from "./model.ts";

/** The types that may be of kind K. */
export type OfKind<K extends BtfKind, T = BtfType> = T extends { readonly kind: infer Own }
  ? Extract<Own, K> extends never
    ? never
    : T
  : never;

type Entry = readonly [id: number, type: BtfType];

const indexes = new WeakMap<Btf, ReadonlyMap<string, readonly Entry[]>>();
const NONE: readonly never[] = [];

function indexOf(btf: Btf): ReadonlyMap<string, readonly Entry[]> {
  const known = indexes.get(btf);
  if (known !== undefined) return known;
  const index = new Map<string, Entry[]>();
  btf.types.forEach((type, i) => {
    const entry: Entry = [btf.firstId + i, type];
    const others = index.get(type.kind);
    if (others === undefined) index.set(type.kind, [entry]);
    else others.push(entry);
  });
  indexes.set(btf, index);
  return index;
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
  const lists = kinds.map((kind) => index.get(kind) ?? NONE).filter((list) => list.length > 0);
  const [only = NONE] = lists;
  const found = lists.length <= 1 ? only : lists.flat().sort(([a], [b]) => a - b);
  // The index holds under each kind what is of that kind.
  return found as readonly (readonly [number, OfKind<K>])[];
}
