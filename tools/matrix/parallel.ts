/** Two machines at once, as this is what a small runner has processors for. */
const AT_ONCE = 2;

/** Calls `use` for each item, two at a time; results in the order of the items. */
export async function inPairs<T, R>(items: readonly T[], use: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      const item = items[index];
      if (item !== undefined) results[index] = await use(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}
