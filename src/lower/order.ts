/** Something with a place in a section and a place in DWARF. */
export interface Placed {
  readonly section: number;
  readonly offset: number;
  /** Rank in the order that DWARF suggests: a DIE row, or whatever the caller counts by. */
  readonly hint: number;
}

/**
 * The order of a module's definitions, which no object states. Certain are two things: inside a section they follow each other by
 * address, and sections are numbered in the order of their first definition. Where these leave a choice, the smaller hint goes first.
 * `first` are sections that stand first whatever holds (`.text`, which the assembler opens before anything else).
 */
export function moduleOrder<T extends Placed>(items: readonly T[], first: ReadonlySet<number> = new Set()): T[] {
  const queues = new Map<number, T[]>();
  for (const item of items) {
    const queue = queues.get(item.section);
    if (queue === undefined) queues.set(item.section, [item]);
    else queue.push(item);
  }
  for (const queue of queues.values()) {
    // Last first: the next one comes off the end. Things at one address keep the order of their hints.
    queue.sort((a, b) => b.offset - a.offset || b.hint - a.hint);
  }
  const numbered = [...queues.keys()].sort((a, b) => a - b);
  const open = numbered.filter((section) => first.has(section));
  const closed = numbered.filter((section) => !first.has(section)).reverse();
  const result: T[] = [];
  while (result.length < items.length) {
    const next = closed.at(-1);
    let best: number | undefined;
    for (const section of next === undefined ? open : [...open, next]) {
      const head = queues.get(section)?.at(-1);
      const leader = best === undefined ? undefined : queues.get(best)?.at(-1);
      if (head !== undefined && (leader === undefined || head.hint < leader.hint)) best = section;
    }
    const item = best === undefined ? undefined : queues.get(best)?.pop();
    if (best === undefined || item === undefined) break;
    if (best === next) open.push(closed.pop() ?? next);
    result.push(item);
  }
  return result;
}

/** The items at offsets `from … end`, of items in order of offset; found by bisection, for an object may have a function per item. */
export function between<T extends { readonly offset: number }>(
  items: readonly T[],
  from: number,
  end: number,
): readonly T[] {
  return items.slice(firstAt(items, from), firstAt(items, end));
}

/** The last item at `offset` or before it, of items in order of offset. */
export function lastAt<T extends { readonly offset: number }>(items: readonly T[], offset: number): T | undefined {
  return items[firstAt(items, offset + 1) - 1];
}

/** Index of the first item at `offset` or behind it. */
function firstAt(items: readonly { readonly offset: number }[], offset: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
