/** Bytes looked at one by one, which is all that an ordinary name needs. */
const NEAR = 128;

const indexes = new WeakMap<Uint8Array, Uint32Array>();

/** Every NUL of a table, ascending. */
function nulsOf(table: Uint8Array): Uint32Array {
  let index = indexes.get(table);
  if (index === undefined) {
    const found: number[] = [];
    for (let at = table.indexOf(0); at >= 0; at = table.indexOf(0, at + 1)) found.push(at);
    index = Uint32Array.from(found);
    indexes.set(table, index);
  }
  return index;
}

/**
 * Offset of the first NUL at or after `from`, -1 if there is none. Strings of a table may overlap, so to search the bytes each time would
 * cost a hostile megabyte for every one of thousands of names; beyond the first bytes the table is searched once for all.
 */
export function nulFrom(table: Uint8Array, from: number): number {
  const near = Math.min(table.length, from + NEAR);
  for (let at = from; at < near; at++) if (table[at] === 0) return at;
  if (near === table.length) return -1;
  const index = nulsOf(table);
  let [low, high] = [0, index.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((index[middle] ?? 0) < near) low = middle + 1;
    else high = middle;
  }
  return index[low] ?? -1;
}
